"""Any file is named for what it is, and its other half in the store is found."""
import pytest

import clients
import foreign
import walk
from conftest import binary
from program import Padlock

HOST = 'www.example.com'


@pytest.fixture(scope='module')
def files(new_store, tmp_path_factory):
    """One of each kind, of the store's own making where it can make it."""
    tmp_path = tmp_path_factory.mktemp('files')
    store = Padlock(binary(), tmp_path).copy_store(new_store)
    (tmp_path / 'password').write_text('x\n', encoding='ascii')
    walk.install(store, name='own')
    key = foreign.key(tmp_path / 'foreign.key')
    foreign.csr(tmp_path / 'foreign.csr', key, f'/CN={HOST}')
    store.run('ca', 'root', '--out', 'root')
    store.run('ca', 'fetch', HOST, '--format', 'chain', '--out', 'chain')
    store.run('ca', 'fetch', HOST, '--format', 'p7b', '--out', 'p7b')
    store.run('cert', 'export', 'own', '--format', 'pfx', '--password-file', 'password', '--out', 'pfx')
    store.run('cert', 'export', 'own', '--format', 'der', '--out', 'der')
    authority = foreign.Authority(tmp_path / 'authority')
    clients.run('openssl', 'ca', '-config', authority.folder / 'ca.cnf', '-gencrl', '-crldays', '3', '-cert', authority.certificate,
                '-keyfile', authority.key, '-out', tmp_path / 'crl')
    clients.run('openssl', 'pkcs8', '-topk8', '-in', key, '-passout', 'pass:x', '-out', tmp_path / 'p8')
    (tmp_path / 'several').write_bytes((tmp_path / 'own.pem').read_bytes() + key.read_bytes())
    (tmp_path / 'text').write_text('hello\n', encoding='ascii')
    (tmp_path / 'binary').write_bytes(bytes(range(256)))
    (tmp_path / 'empty').touch()
    return store


@pytest.mark.parametrize('file, words', [
    ('own.csr', ('certificate request', HOST, 'its private key is in this store', 'certificate "own"')),
    ('own.pem', ('certificate for', HOST, 'its private key is in this store', 'certificate "own"')),
    ('der', ('certificate for', 'certificate "own"')),
    ('chain', ('chain of 2 certificates', 'certificate "own"')),
    ('p7b', ('PKCS #7', 'certificate "own"')),
    ('root', ('self-signed root', 'Example Root CA')),
    ('pfx', ('PKCS #12', 'encrypted', 'needs its password')),
    ('p8', ('encrypted private key', 'PKCS #8')),
    ('foreign.key', ('a private key', 'not in this store')),
    ('foreign.csr', ('certificate request', 'not in this store')),
    ('crl', ('revocation list', 'Foreign CA')),
    ('several', ('certificate', 'private key')),
    ('text', ('a text file',)),
    ('binary', ('unknown kind',)),
    ('empty', ('empty',)),
])
def test_each_kind(files, file, words):
    said = files.run('inspect', file).out
    for word in words:
        assert word in said, said
    assert files.json('inspect', file)['items']


def test_without_a_store(padlock, tmp_path):
    foreign.key(tmp_path / 'key')
    assert 'private key' in padlock.run('inspect', 'key').out


def test_a_file_that_is_not_there(store):
    store.fails(4, 'sys.file.missing', 'inspect', 'nowhere')


def test_every_field_of_an_installed_certificate(files, tmp_path):
    shown = files.run('cert', 'show', 'own').out
    theirs = clients.run('openssl', 'x509', '-in', files.folder / 'own.pem', '-noout', '-fingerprint', '-sha1').strip().partition('=')[2]
    assert theirs.replace(':', '').lower() in shown
    theirs = clients.run('openssl', 'x509', '-in', files.folder / 'own.pem', '-noout', '-fingerprint', '-sha256').strip().partition('=')[2]
    assert theirs in shown
    for label in ('subject', 'names', 'issuer', 'chain', 'serial', 'valid', 'key', 'signature', 'public key'):
        assert f'\n  {label}' in shown
    assert files.run('cert', 'show', 'own', '--pem').out == (files.folder / 'own.pem').read_text(encoding='ascii')
    assert files.json('cert', 'show', 'own', '--pem')['pem'] == files.run('cert', 'show', 'own', '--pem').out
    assert 'X509v3 Subject Alternative Name' in files.run('cert', 'show', 'own', '--text').out
