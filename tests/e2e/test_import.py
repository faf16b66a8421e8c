"""Certificates with their keys, as other programs encrypt them; a wrong password is not a wrong file."""
import pathlib
import time

import pytest

import clients
import foreign

HOST = 'www.example.com'
DATA = pathlib.Path(__file__).resolve().parents[1] / 'data/pfx'
PASSWORD = 'correct horse'


@pytest.fixture
def pair(store, tmp_path):
    """A key and a certificate that were made elsewhere."""
    authority = foreign.Authority(tmp_path / 'authority')
    key = foreign.key(tmp_path / 'key.pem')
    foreign.csr(tmp_path / 'www.csr', key, f'/CN={HOST}')
    leaf = authority.sign(tmp_path / 'www.csr', tmp_path / 'leaf.pem', f'DNS:{HOST}')
    (tmp_path / 'right').write_text(PASSWORD + '\n', encoding='ascii')
    (tmp_path / 'wrong').write_text('battery staple\n', encoding='ascii')
    return leaf, key


def pfx(folder, pair, *options, name='x.pfx'):
    leaf, key = pair
    clients.run('openssl', 'pkcs12', '-export', '-in', leaf, '-inkey', key, '-passout', f'pass:{PASSWORD}', *options,
                '-out', folder / name)
    return folder / name


def encrypted_key(folder, key, *options):
    clients.run('openssl', *options, '-in', key, '-passout', f'pass:{PASSWORD}', '-out', folder / 'encrypted.pem')
    return (folder / 'encrypted.pem').read_text(encoding='ascii')


PFX = {
    'AES-256, SHA-256': (),
    'AES-128': ('-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC'),
    '3DES, SHA-1: Windows 2008': ('-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'SHA1'),
    'RC2-40: Windows 2003': ('-legacy', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-RC2-40', '-macalg', 'SHA1'),
    'Camellia': ('-keypbe', 'camellia-256-cbc', '-certpbe', 'camellia-256-cbc'),
    'SHA-512 MAC': ('-macalg', 'SHA512'),
    'no MAC': ('-nomac',),
    'open certificate': ('-certpbe', 'NONE'),
}


@pytest.mark.parametrize('kind', PFX)
def test_pfx(store, tmp_path, pair, kind):
    file = pfx(tmp_path, pair, *PFX[kind])
    store.fails(1, 'unpack.password', 'cert', 'import', file, '--password-file', 'wrong')
    added = store.json('cert', 'import', file, '--password-file', 'right', '--name', 'Imported')
    assert added['has_private_key'] and added['friendly_name'] == 'Imported' and added['names'] == [HOST]


PEM = {
    'PKCS #8, AES-256': ('pkcs8', '-topk8'),
    'PKCS #8, 3DES': ('pkcs8', '-topk8', '-v2', 'des3'),
    'PKCS #8, scrypt': ('pkcs8', '-topk8', '-scrypt'),
    'PKCS #8, PBES1': ('pkcs8', '-topk8', '-v1', 'PBE-SHA1-3DES'),
    'SEC 1, AES-128': ('ec', '-aes128'),
    'SEC 1, 3DES': ('ec', '-des3'),
}


@pytest.mark.parametrize('kind', PEM)
def test_pem(store, tmp_path, pair, kind):
    leaf, key = pair
    (tmp_path / 'x.pem').write_text(leaf.read_text(encoding='ascii') + encrypted_key(tmp_path, key, *PEM[kind]), encoding='ascii')
    store.fails(1, 'unpack.password', 'cert', 'import', 'x.pem', '--password-file', 'wrong')
    assert store.json('cert', 'import', 'x.pem', '--password-file', 'right')['has_private_key']


def test_an_open_pem_needs_no_password(store, tmp_path, pair):
    leaf, key = pair
    (tmp_path / 'x.pem').write_bytes(key.read_bytes() + leaf.read_bytes())
    assert store.json('cert', 'import', 'x.pem')['has_private_key']
    store.fails(3, 'ops.install.there', 'cert', 'import', 'x.pem')


def test_keytools_store(store, tmp_path, pair):
    clients.keytool('-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-dname', f'CN={HOST}', '-alias', 'a', '-storetype', 'PKCS12',
                    '-keystore', tmp_path / 'java.p12', '-storepass', PASSWORD, '-ext', f'san=dns:{HOST}', home=tmp_path)
    said = store.attempt('cert', 'import', 'java.p12', '--password-file', 'right')
    assert 'unpack.' not in said.err


def test_an_unknown_algorithm_is_no_wrong_password(store, tmp_path, pair):
    file = pfx(tmp_path, pair, '-nomac')
    aes = bytes.fromhex('60864801650304012a')
    assert file.read_bytes().count(aes) > 0
    file.write_bytes(file.read_bytes().replace(aes, aes[:-1] + b'\x7e'))
    said = store.fails(1, 'unpack.algorithm', 'cert', 'import', file, '--password-file', 'right')
    assert '2.16.840.1.101.3.4.1.126' in said.err


@pytest.mark.parametrize('file', ['iterations-key.p12', 'iterations-mac.p12'])
def test_too_many_iterations_are_refused_at_once(store, tmp_path, file):
    (tmp_path / 'right').write_text(PASSWORD + '\n', encoding='ascii')
    started = time.monotonic()
    store.fails(1, 'unpack.iterations', 'cert', 'import', DATA / file, '--password-file', 'right')
    assert time.monotonic() - started < 5


def test_a_password_is_needed(store, tmp_path, pair):
    store.fails(2, 'cli.password.missing', 'cert', 'import', pfx(tmp_path, pair))


def test_key_and_certificate_of_different_owners(store, tmp_path, pair):
    leaf, _ = pair
    other = foreign.key(tmp_path / 'other.pem')
    (tmp_path / 'x.pem').write_bytes(leaf.read_bytes() + other.read_bytes())
    store.fails(3, 'pki.key.mismatch', 'cert', 'import', 'x.pem')


def test_half_of_it(store, tmp_path, pair):
    leaf, key = pair
    store.fails(1, 'ops.import.no_key', 'cert', 'import', leaf)
    store.fails(1, 'ops.import.no_certificate', 'cert', 'import', key)


def test_cut_anywhere(store, tmp_path, pair):
    whole = pfx(tmp_path, pair).read_bytes()
    for part in (3, 40, len(whole) // 2, len(whole) - 1):
        (tmp_path / 'cut.pfx').write_bytes(whole[:part])
        assert store.attempt('cert', 'import', 'cut.pfx', '--password-file', 'right').code in (1, 3)
    assert store.json('cert', 'list')['certificates'] == []


def test_an_imported_key_that_may_not_leave(store, tmp_path, pair):
    store.run('cert', 'import', pfx(tmp_path, pair), '--password-file', 'right', '--exportable', 'no', '--name', 'Fixed')
    for options in (('--format', 'pfx'), ('--format', 'pem', '--with-key')):
        store.fails(3, 'keys.export.denied', 'cert', 'export', 'Fixed', *options, '--password-file', 'right', '--out', 'out')
    assert not (tmp_path / 'out').exists()
    assert 'BEGIN CERTIFICATE' in store.run('cert', 'export', 'Fixed').out


def test_an_exported_pem_key_is_encrypted(store, tmp_path, pair):
    store.run('cert', 'import', pfx(tmp_path, pair), '--password-file', 'right', '--name', 'Moved')
    store.run('cert', 'export', 'Moved', '--with-key', '--password-file', 'right', '--out', 'moved.pem')
    text = (tmp_path / 'moved.pem').read_text(encoding='ascii')
    assert 'BEGIN ENCRYPTED PRIVATE KEY' in text and 'BEGIN PRIVATE KEY' not in text
    public = clients.run('openssl', 'pkey', '-in', tmp_path / 'moved.pem', '-passin', f'pass:{PASSWORD}', '-pubout')
    assert public == clients.run('openssl', 'x509', '-in', pair[0], '-noout', '-pubkey')
    store.fails(3, 'sys.file.exists', 'cert', 'export', 'Moved', '--with-key', '--password-file', 'right', '--out', 'moved.pem')
