"""The CA reads any CSR: whoever made it, however it was wrapped on its way."""
import base64

import pytest

import clients
import foreign

HOST = 'www.example.com'


@pytest.fixture
def csr(store, tmp_path):
    foreign.key(tmp_path / 'key.pem')
    return foreign.csr(tmp_path / 'www.csr', tmp_path / 'key.pem', f'/C=us/ST=Washington/L=Redmond/O=Example/CN={HOST}',
                       sans=f'DNS:{HOST},DNS:example.com')


WRAPPINGS = {
    'pem': lambda pem, der: pem,
    'new label': lambda pem, der: pem.replace(b'CERTIFICATE REQUEST', b'NEW CERTIFICATE REQUEST'),
    'der': lambda pem, der: der,
    'bare base64': lambda pem, der: base64.encodebytes(der),
    'one line of base64': lambda pem, der: base64.b64encode(der),
    'CRLF': lambda pem, der: pem.replace(b'\n', b'\r\n'),
    'UTF-8 with a byte order mark': lambda pem, der: b'\xef\xbb\xbf' + pem.replace(b'\n', b'\r\n'),
    'UTF-16, little end first': lambda pem, der: pem.decode().encode('utf-16'),
    'UTF-16, big end first': lambda pem, der: '\ufeff'.encode('utf-16-be') + pem.decode().encode('utf-16-be'),
    'in a letter': lambda pem, der: b'Dear CA,\n\nplease sign:\n\n' + pem + b'\nRegards\n',
    'openssl -text': lambda pem, der: b'Certificate Request:\n    Data:\n        Version: 1 (0x0)\n' + pem,
    'quoted': lambda pem, der: b'\n\n   ' + pem.replace(b'\n', b'\n   '),
}


@pytest.mark.parametrize('wrapping', WRAPPINGS)
def test_any_wrapping_is_read(store, csr, tmp_path, wrapping):
    file = tmp_path / 'wrapped'
    file.write_bytes(WRAPPINGS[wrapping](csr.read_bytes(), foreign.der_of(csr)))
    answer = store.json('ca', 'submit', file)
    assert answer['names'] == [HOST, 'example.com']
    assert answer['subject'] == f'CN={HOST},O=Example,L=Redmond,ST=Washington,C=US'


def test_a_csr_comes_from_standard_input(store, csr):
    assert store.json('ca', 'submit', '-', stdin=csr.read_bytes())['names'] == [HOST, 'example.com']


def test_what_was_changed_is_told_once(store, csr):
    said = store.run('ca', 'submit', csr)
    assert said.err.count('the country is written in capitals: US') == 1
    assert 'every name is under a public suffix' in said.out


def test_keytool_and_its_rsa_key(store, tmp_path):
    options = ('-keystore', tmp_path / 'keys.p12', '-storepass', 'changeit', '-alias', 'a')
    clients.keytool('-genkeypair', '-keyalg', 'RSA', '-keysize', '2048', '-dname', f'CN={HOST}, O=K, L=Bonn, C=DE', *options,
                    home=tmp_path)
    clients.keytool('-certreq', '-file', tmp_path / 'k.csr', *options, home=tmp_path)
    assert b'NEW CERTIFICATE REQUEST' in (tmp_path / 'k.csr').read_bytes()
    store.run('ca', 'issue', 'k.csr')
    store.run('ca', 'fetch', HOST, '--format', 'chain', '--out', 'k.pem')
    root = store.run('ca', 'root').out
    (tmp_path / 'k.pem').write_text((tmp_path / 'k.pem').read_text(encoding='ascii') + root, encoding='ascii')
    said = clients.keytool('-importcert', '-noprompt', '-file', tmp_path / 'k.pem', *options, home=tmp_path)
    assert 'installed in keystore' in said


def test_microsofts_attributes_are_read_past(store, tmp_path):
    """certreq puts the system's version, the template and the provider beside the extensions."""
    foreign.key(tmp_path / 'key.pem')
    (tmp_path / 'ms.cnf').write_text(
        '[req]\ndistinguished_name=dn\nattributes=attributes\nprompt=no\nreq_extensions=extensions\n'
        f'[dn]\nCN={HOST}\n'
        '[attributes]\n1.3.6.1.4.1.311.13.2.3=10.0.17763.2\n'
        f'[extensions]\nsubjectAltName=DNS:{HOST}\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n'
        '1.3.6.1.4.1.311.20.2=ASN1:BMPSTRING:WebServer\n', encoding='ascii')
    clients.run('openssl', 'req', '-new', '-key', tmp_path / 'key.pem', '-config', tmp_path / 'ms.cnf', '-out', tmp_path / 'ms.csr')
    store.run('ca', 'issue', 'ms.csr')
    store.run('ca', 'fetch', HOST, '--out', 'ms.pem')
    assert '1.3.6.1.4.1.311' not in clients.openssl_text(tmp_path / 'ms.pem')


@pytest.mark.parametrize('name, makes, what', [
    ('key', lambda folder: foreign.key(folder / 'key'), 'a private key'),
    ('certificate', lambda folder: foreign.self_signed(folder / 'certificate', foreign.key(folder / 'k'), '/CN=x'), 'a certificate'),
    ('text', lambda folder: (folder / 'text').write_text('hello\n', encoding='ascii'), 'a text file'),
    ('binary', lambda folder: (folder / 'binary').write_bytes(bytes(range(256))), 'a binary file'),
    ('empty', lambda folder: (folder / 'empty').touch(), 'the file is empty'),
])
def test_what_is_no_csr_is_named(store, tmp_path, name, makes, what):
    makes(tmp_path)
    assert what in store.fails(1, 'pki.csr.not_csr', 'ca', 'submit', name).err


def test_a_file_that_is_not_there(store):
    store.fails(4, 'sys.file.missing', 'ca', 'submit', 'nowhere')


def test_a_cut_csr(store, csr, tmp_path):
    (tmp_path / 'cut').write_bytes(foreign.der_of(csr)[:-20])
    said = store.attempt('ca', 'submit', 'cut')
    assert said.code == 1 and '[pki.csr.' in said.err
