"""Backup and restore: all of a store under a passphrase, and nothing half."""
import pytest

import walk
from program import Padlock


@pytest.fixture
def full(store, tmp_path):
    (tmp_path / 'right').write_text('correct horse\n', encoding='ascii')
    (tmp_path / 'wrong').write_text('battery staple\n', encoding='ascii')
    walk.install(store)
    walk.site(store)
    walk.bind(store, 8443, 'www.example.com')
    store.run('backup', 'b', '--password-file', 'right')
    return store


@pytest.fixture
def other(full, tmp_path):
    (tmp_path / 'other').mkdir()
    return Padlock(full.binary, tmp_path / 'other')


def restore(other, file, password='right', **options):
    return other.attempt('restore', other.folder.parent / file, '--password-file', other.folder.parent / password, **options)


def test_everything_comes_back_and_works(full, other):
    assert restore(other, 'b').code == 0
    assert other.data.stat().st_mode & 0o777 == 0o700
    for name in ('store.db', 'sealing.key'):
        assert (other.data / name).stat().st_mode & 0o777 == 0o600
    for command in (('cert', 'list'), ('site', 'list'), ('bind', 'list'), ('ca', 'issued')):
        assert other.json(*command) == full.json(*command)
    assert not other.json('audit', 'verify')['is_broken']
    walk.install(other, 'after.example.com', 'After')
    other.run('cert', 'export', 'Shop 2026', '--format', 'pfx', '--password-file', other.folder.parent / 'right', '--out', 'x.pfx')


def test_the_file_is_private_and_tells_nothing(full):
    file = full.folder / 'b'
    assert file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    for word in (b'SQLite', b'www.example.com', b'Shop 2026', (full.data / 'sealing.key').read_bytes()[:16]):
        assert word not in content


def test_a_wrong_passphrase(other):
    said = restore(other, 'b', 'wrong')
    assert said.code == 3 and '[ops.backup.passphrase]' in said.err
    assert not other.data.exists()


@pytest.mark.parametrize('damage', ['cut', 'changed', 'longer', 'foreign', 'empty'])
def test_a_damaged_file_restores_nothing(full, other, damage):
    content = bytearray((full.folder / 'b').read_bytes())
    if damage == 'changed':
        content[len(content) // 2] ^= 1
    damaged = {'cut': content[:-100], 'changed': content, 'longer': content + b'x', 'foreign': b'hello' * 100, 'empty': b''}[damage]
    (full.folder / 'damaged').write_bytes(damaged)
    said = restore(other, 'damaged')
    assert said.code in (1, 3) and '[ops.backup.' in said.err, repr(said)
    assert not other.data.exists()


def test_never_over_a_store(full):
    full.fails(3, 'store.exists', 'restore', 'b', '--password-file', 'right')
    full.fails(3, 'sys.file.exists', 'backup', 'b', '--password-file', 'right')
    full.run('backup', 'b', '--password-file', 'right', '--force')


def test_a_backup_while_it_serves(full, other, server):
    server()
    full.run('backup', 'live', '--password-file', 'right')
    assert restore(other, 'live').code == 0
