"""What comes back from a CA is installed in any form; what cannot be is told exactly."""
import pytest

import clients
import foreign

HOST = 'www.example.com'


@pytest.fixture
def authority(tmp_path):
    return foreign.Authority(tmp_path / 'authority')


@pytest.fixture
def request_file(store, tmp_path):
    store.run('request', 'new', HOST, '--out', 'www.csr')
    return tmp_path / 'www.csr'


def forms(authority, leaf, folder):
    """The same certificate as CAs send it."""
    ca = authority.certificate.read_text(encoding='ascii')
    pem = leaf.read_text(encoding='ascii')
    (folder / 'pem').write_text(pem, encoding='ascii')
    (folder / 'der').write_bytes(foreign.der_of(leaf, 'x509'))
    (folder / 'chain').write_text(pem + ca, encoding='ascii')
    (folder / 'reversed').write_text('subject=CA\n' + ca + '\nsubject=www\n' + pem, encoding='ascii')
    (folder / 'crlf').write_bytes((pem + ca).replace('\n', '\r\n').encode())
    for name, form in (('p7b', 'PEM'), ('p7b.der', 'DER')):
        clients.run('openssl', 'crl2pkcs7', '-nocrl', '-certfile', folder / 'reversed', '-outform', form, '-out', folder / name)


@pytest.mark.parametrize('form, has_chain', [('pem', False), ('der', False), ('chain', True), ('reversed', True), ('crlf', True),
                                             ('p7b', True), ('p7b.der', True)])
def test_every_form_completes_the_request(store, tmp_path, authority, request_file, form, has_chain):
    leaf = authority.sign(request_file, tmp_path / 'leaf.pem', f'DNS:{HOST}')
    forms(authority, leaf, tmp_path)
    added = store.json('cert', 'install', form, '--name', 'Shop 2026')
    assert added['friendly_name'] == 'Shop 2026' and added['has_private_key']
    assert store.json('request', 'show', HOST)['state'] == 'installed'
    assert ('  chain            Foreign CA' in store.run('cert', 'show', 'Shop 2026').out) == has_chain


def test_the_own_chain_is_completed(store, tmp_path, request_file):
    store.run('ca', 'issue', request_file)
    store.run('ca', 'fetch', HOST, '--format', 'der', '--out', 'leaf.der')
    store.run('cert', 'install', 'leaf.der')
    store.run('cert', 'export', HOST, '--format', 'chain', '--out', 'chain.pem')
    assert (tmp_path / 'chain.pem').read_text(encoding='ascii').count('BEGIN CERTIFICATE') == 2


def test_expired(store, tmp_path, authority, request_file):
    leaf = authority.sign(request_file, tmp_path / 'leaf.pem', f'DNS:{HOST}', '20200101000000Z', '20210101000000Z')
    assert '2021-01-01' in store.fails(3, 'ops.install.expired', 'cert', 'install', leaf).err
    assert store.json('cert', 'list')['certificates'] == []


def test_not_yet_valid_is_told_and_cannot_be_bound(store, tmp_path, authority, request_file):
    leaf = authority.sign(request_file, tmp_path / 'leaf.pem', f'DNS:{HOST}', '20400101000000Z', '20410101000000Z')
    assert 'not valid before 2040-01-01' in store.run('cert', 'install', leaf).err
    (tmp_path / 'site').mkdir()
    store.run('site', 'add', 'shop', '--root', 'site')
    store.fails(3, 'ops.bind.not_yet_valid', 'bind', 'add', 'shop', 'https://127.0.0.1:8443', '--cert', HOST)


def test_self_signed(store, tmp_path):
    foreign.self_signed(tmp_path / 'self.pem', foreign.key(tmp_path / 'key'), f'/CN={HOST}', '-addext', 'basicConstraints=CA:FALSE',
                        '-addext', f'subjectAltName=DNS:{HOST}')
    store.fails(1, 'ops.install.self_signed', 'cert', 'install', 'self.pem')


def test_a_cas_own(store, tmp_path, authority):
    store.fails(1, 'ops.install.is_ca', 'cert', 'install', authority.certificate)
    store.run('ca', 'root', '--out', 'root.pem')
    store.fails(1, 'ops.install.is_ca', 'cert', 'install', 'root.pem')


def test_no_key_in_this_store(store, tmp_path, authority):
    foreign.csr(tmp_path / 'other.csr', foreign.key(tmp_path / 'key'), f'/CN={HOST}')
    leaf = authority.sign(tmp_path / 'other.csr', tmp_path / 'leaf.pem', f'DNS:{HOST}')
    assert 'not in this store' in store.fails(4, 'pki.key.missing', 'cert', 'install', leaf).err


def test_the_key_of_another_request(store, tmp_path, authority, request_file):
    leaf = authority.sign(request_file, tmp_path / 'leaf.pem', f'DNS:{HOST}')
    store.run('request', 'cancel', HOST)
    store.run('request', 'new', HOST, '--out', 'again.csr')
    store.fails(1, 'ops.install.other_key', 'cert', 'install', leaf)


@pytest.mark.parametrize('name, code', [
    ('csr', 'ops.install.not_certificate'), ('key', 'ops.install.not_certificate'), ('pfx', 'ops.install.not_certificate'),
    ('text', 'ops.install.not_certificate'), ('binary', 'ops.install.not_certificate'), ('empty', 'ops.install.not_certificate'),
])
def test_what_is_no_certificate(store, tmp_path, authority, name, code):
    key = foreign.key(tmp_path / 'key')
    foreign.csr(tmp_path / 'csr', key, f'/CN={HOST}')
    leaf = authority.sign(tmp_path / 'csr', tmp_path / 'leaf.pem', f'DNS:{HOST}')
    clients.run('openssl', 'pkcs12', '-export', '-in', leaf, '-inkey', key, '-passout', 'pass:x', '-out', tmp_path / 'pfx')
    (tmp_path / 'text').write_text('hello\n', encoding='ascii')
    (tmp_path / 'binary').write_bytes(bytes(range(256)))
    (tmp_path / 'empty').touch()
    store.fails(1, code, 'cert', 'install', name)


def test_a_damaged_certificate(store, tmp_path, authority, request_file):
    leaf = authority.sign(request_file, tmp_path / 'leaf.pem', f'DNS:{HOST}')
    (tmp_path / 'cut').write_bytes(foreign.der_of(leaf, 'x509')[:-7])
    said = store.attempt('cert', 'install', 'cut')
    assert said.code == 1 and 'could not install certificate "cut"' in said.err


def test_the_same_again(store, tmp_path, authority, request_file):
    leaf = authority.sign(request_file, tmp_path / 'leaf.pem', f'DNS:{HOST}')
    store.run('cert', 'install', leaf)
    store.fails(3, 'ops.install.there', 'cert', 'install', leaf)
