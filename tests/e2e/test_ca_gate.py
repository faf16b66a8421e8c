"""What the CA's gate lets through, and what it refuses, whoever asks."""
import pytest

import clients
import foreign

HOST = 'www.example.com'


@pytest.fixture
def key(tmp_path):
    return foreign.key(tmp_path / 'key.pem')


def submit(store, folder, key_file, *options, sans=f'DNS:{HOST}', subject=f'/CN={HOST}'):
    return foreign.csr(folder / 'www.csr', key_file, subject, *options, sans=sans)


def test_a_foreign_signature_is_no_proof_of_possession(store, tmp_path, key):
    der = bytearray(foreign.der_of(submit(store, tmp_path, key)))
    der[-3] ^= 1
    (tmp_path / 'bad.csr').write_bytes(der)
    store.fails(1, 'pki.csr.signature', 'ca', 'submit', 'bad.csr')


def test_broken_hashes(store, tmp_path, key):
    submit(store, tmp_path, key, '-sha1')
    store.fails(3, 'pki.csr.weak_hash', 'ca', 'submit', 'www.csr')
    rsa = foreign.key(tmp_path / 'rsa.pem', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048')
    submit(store, tmp_path, rsa, '-md5')
    store.fails(3, 'pki.csr.weak_hash', 'ca', 'submit', 'www.csr')


@pytest.mark.parametrize('bits', [512, 1024, 2047])
def test_short_rsa_keys(store, tmp_path, bits):
    rsa = foreign.key(tmp_path / 'rsa.pem', '-algorithm', 'RSA', '-pkeyopt', f'rsa_keygen_bits:{bits}')
    submit(store, tmp_path, rsa)
    store.fails(3, 'pki.key.weak.size', 'ca', 'submit', 'www.csr')


def test_close_primes(store, tmp_path):
    submit(store, tmp_path, foreign.close_primes_key(tmp_path / 'close.pem'))
    store.fails(3, 'pki.key.weak.close_primes', 'ca', 'submit', 'www.csr')


def test_infineons_primes(store, tmp_path):
    submit(store, tmp_path, foreign.roca_key(tmp_path / 'roca.pem'))
    store.fails(3, 'pki.key.weak.roca', 'ca', 'submit', 'www.csr')


def test_small_exponents(store, tmp_path):
    rsa = foreign.key(tmp_path / 'rsa.pem', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-pkeyopt', 'rsa_keygen_pubexp:3')
    submit(store, tmp_path, rsa)
    store.run('ca', 'submit', 'www.csr')


@pytest.mark.parametrize('curve', ['P-192', 'P-224', 'secp256k1', 'brainpoolP256r1'])
def test_curves_that_clients_do_not_have(store, tmp_path, curve):
    submit(store, tmp_path, foreign.key(tmp_path / 'ec.pem', '-algorithm', 'EC', '-pkeyopt', f'ec_paramgen_curve:{curve}'))
    store.fails(3, 'pki.key.curve', 'ca', 'submit', 'www.csr')


def test_a_curve_that_is_spelled_out(store, tmp_path):
    explicit = foreign.key(tmp_path / 'ec.pem', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt',
                           'ec_param_enc:explicit')
    submit(store, tmp_path, explicit)
    store.fails(3, 'pki.key.curve', 'ca', 'submit', 'www.csr')


def test_other_kinds_of_keys(store, tmp_path):
    submit(store, tmp_path, foreign.key(tmp_path / 'ed.pem', '-algorithm', 'ED448'))
    store.fails(3, 'pki.key.family', 'ca', 'submit', 'www.csr')


def test_ed25519_is_for_the_inside(store, tmp_path):
    submit(store, tmp_path, foreign.key(tmp_path / 'ed.pem', '-algorithm', 'ED25519'))
    store.fails(3, 'ca.profile.key', 'ca', 'submit', 'www.csr')
    assert store.json('ca', 'submit', 'www.csr', '--profile', 'internal')['key'] == 'ed25519'


def test_nobody_becomes_a_ca(store, tmp_path, key):
    submit(store, tmp_path, key, '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=keyCertSign,cRLSign')
    assert 'become a CA' in store.run('ca', 'issue', 'www.csr').err
    store.run('ca', 'fetch', HOST, '--out', 'leaf.pem')
    text = clients.openssl_text(tmp_path / 'leaf.pem')
    assert 'CA:FALSE' in text and 'CA:TRUE' not in text and 'Certificate Sign' not in text


@pytest.mark.parametrize('sans, code', [
    ('DNS:bad_name.example.com', 'pki.name.invalid'),
    ('DNS:*.com', 'pki.name.wildcard'),
    ('DNS:www.*.example.com', 'pki.name.wildcard'),
])
def test_names_that_are_none(store, tmp_path, key, sans, code):
    submit(store, tmp_path, key, sans=sans, subject='/O=Example')
    said = store.attempt('ca', 'submit', 'www.csr')
    assert said.code in (1, 3) and f'[{code}]' in said.err


def test_a_request_without_any_name(store, tmp_path, key):
    submit(store, tmp_path, key, sans=None, subject='/O=Example')
    said = store.attempt('ca', 'submit', 'www.csr')
    assert said.code == 1 and '[ca.name.none]' in said.err


def test_internal_names_choose_the_internal_profile(store, tmp_path, key):
    submit(store, tmp_path, key, sans='DNS:intranet,IP:10.1.2.3', subject='/OU=Shop/CN=intranet')
    answer = store.json('ca', 'submit', 'www.csr')
    assert answer['profile'] == 'internal' and answer['profile_reason'] != 'it was asked for'
    assert 'OU=Shop' in answer['subject']
    said = store.fails(3, 'ca.name.not_public', 'ca', 'submit', 'www.csr', '--profile', 'server')
    assert '10.1.2.3 is a private address' in said.err


def test_ou_is_dropped_from_public_names(store, tmp_path, key):
    submit(store, tmp_path, key, subject=f'/OU=Shop/CN={HOST}')
    said = store.run('ca', 'submit', 'www.csr')
    assert 'Shop' in said.err and 'OU' not in said.out


def test_ov_needs_organization_country_and_place(store, tmp_path, key):
    for subject, validation in ((f'/CN={HOST}', 'DV'), (f'/C=US/O=Example/CN={HOST}', 'DV'),
                                (f'/C=US/ST=Washington/O=Example/CN={HOST}', 'OV'), (f'/C=US/L=Redmond/O=Example/CN={HOST}', 'OV')):
        submit(store, tmp_path, key, subject=subject)
        assert store.json('ca', 'submit', 'www.csr', '--dry-run')['validation'] == validation, subject


def test_what_a_server_certificate_looks_like(store, tmp_path, key):
    submit(store, tmp_path, key)
    store.run('ca', 'issue', 'www.csr', '--lifetime', '30d')
    store.run('ca', 'fetch', HOST, '--out', 'leaf.pem')
    text = clients.openssl_text(tmp_path / 'leaf.pem')
    for part in ('Digital Signature', 'TLS Web Server Authentication', 'CA Issuers - URI:http://pki.example.com:8080/ca/',
                 'URI:http://pki.example.com:8080/ca/crl/', 'Policy: 2.23.140.1.2.1', f'DNS:{HOST}'):
        assert part in text, part
    assert 'Key Encipherment' not in text and text.count('Policy:') == 1
    serial = clients.run('openssl', 'x509', '-in', tmp_path / 'leaf.pem', '-noout', '-serial').strip().partition('=')[2]
    assert len(serial) >= 32


def test_without_a_base_url_there_is_no_server_profile(padlock, tmp_path, key):
    padlock.run('init')
    submit(padlock, tmp_path, key)
    padlock.fails(3, 'ca.profile.base_url', 'ca', 'submit', 'www.csr', '--profile', 'server')


def test_without_a_ca_nothing_is_issued(padlock, tmp_path, key):
    padlock.run('init', '--no-ca')
    submit(padlock, tmp_path, key)
    said = padlock.attempt('ca', 'submit', 'www.csr')
    assert said.code == 4 and said.err.count('hint') == 1


def test_a_key_that_everybody_has(store, tmp_path):
    """RFC 9500 §2.3: a private key that was published, for tests."""
    (tmp_path / 'known.pem').write_text(
        '-----BEGIN EC PRIVATE KEY-----\n'
        'MHcCAQEEIObLW92AqkWunJXowVR2Z5/+yVPBaFHnEedDk5WJxk/BoAoGCCqGSM49\n'
        'AwEHoUQDQgAEQiVI+I+3gv+17KN0RFLHKh5Vj71vc75eSOkyMsxFxbFsTNEMTLjV\n'
        'uKFxOelIgsiZJXKZNCX0FBmrfpCkKklCcg==\n'
        '-----END EC PRIVATE KEY-----\n', encoding='ascii')
    submit(store, tmp_path, tmp_path / 'known.pem')
    store.fails(3, 'pki.key.weak.known', 'ca', 'submit', 'www.csr')


def test_a_name_too_long_for_a_common_name(store, tmp_path):
    host = f'{"a" * 60}.{"b" * 20}.example.com'
    store.run('request', 'new', host, '--out', 'long.csr')
    assert 'CN' not in store.run('ca', 'issue', 'long.csr').out
    store.run('ca', 'fetch', host, '--out', 'long.pem')
    store.run('cert', 'install', 'long.pem')
    assert f'DNS:{host}' in clients.openssl_text(tmp_path / 'long.pem')
