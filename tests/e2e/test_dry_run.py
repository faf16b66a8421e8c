"""--dry-run says what would change, of every command that changes anything, and changes nothing."""
import pytest

import walk
from program import Padlock

HOST = 'www.example.com'


@pytest.fixture
def full(store, tmp_path):
    """One of everything that a command can be told to change."""
    (tmp_path / 'password').write_text('correct horse\n', encoding='ascii')
    store.attempt('scan', '127.0.0.1:9', '--inventory')
    walk.install(store, HOST)
    walk.install(store, HOST, 'Next')
    walk.install(store, 'free.example.com', 'Free')
    walk.site(store)
    walk.site(store, 'spare')
    walk.bind(store, 8443, HOST)
    store.run('policy', 'add', 'own', '--from', 'modern')
    store.run('request', 'new', 'new.example.com', '--out', 'new.csr')
    store.run('ca', 'issue', 'new.csr')
    store.run('ca', 'fetch', 'new.example.com', '--out', 'new.pem')
    store.run('ca', 'submit', 'new.csr')
    store.run('cert', 'export', 'Free', '--format', 'pfx', '--password-file', 'password', '--out', 'free.pfx')
    store.run('backup', 'backup', '--password-file', 'password')
    return store


COMMANDS = {
    'init': (),
    'request new': ('other.example.com', '--out', 'other.csr'),
    'request cancel': ('new.example.com',),
    'ca submit': ('new.csr',),
    'ca approve': ('new.example.com',),
    'ca deny': ('new.example.com', '--reason', 'no'),
    'ca issue': ('new.csr',),
    'ca revoke': (HOST, '--reason', 'superseded'),
    'ca crl': ('--renew', '--out', 'list.crl'),
    'cert install': ('new.pem',),
    'cert import': ('free.pfx', '--password-file', 'password'),
    'cert renew': ('Shop 2026',),
    'cert replace': ('Shop 2026', 'Next', '--no-wait'),
    'cert staple': ('Shop 2026', '--remove'),
    'cert delete': ('Shop 2026', '--unbind'),
    'site add': ('third', '--root', 'spare'),
    'site set': ('shop', '--name', 'other'),
    'site remove': ('shop', '--unbind'),
    'bind add': ('shop', 'https://127.0.0.1:8444', '--host', HOST, '--cert', 'Shop 2026'),
    'bind set': ('https://127.0.0.1:8443', '--policy', 'modern'),
    'bind remove': ('https://127.0.0.1:8443',),
    'policy add': ('other', '--from', 'modern'),
    'policy set': ('own', '--about', 'changed'),
    'policy remove': ('own',),
    'inventory forget': ('127.0.0.1:9',),
    'undo': (),
    'trust install': ('--store', 'nss'),
    'trust remove': ('--store', 'nss'),
    'restore': ('../backup', '--password-file', '../password'),
}


def test_every_changing_command_is_here(padlock):
    document = padlock.run('help', '--json').json
    assert {command['command'] for command in document['commands'] if command['changes']} == set(COMMANDS)


def test_nothing_is_changed(full, tmp_path):
    (tmp_path / 'empty').mkdir()
    empty = Padlock(full.binary, tmp_path / 'empty')
    files = sorted(path.name for path in full.folder.iterdir())
    before = walk.everything(full)
    for command, arguments in COMMANDS.items():
        if command == 'cert import':
            full.run('cert', 'delete', 'Free')
            before = walk.everything(full)
        one = empty if command in ('init', 'restore') else full
        said = one.attempt(*command.split(), *arguments, '--dry-run')
        assert said.code == 0 and 'dry run: nothing is changed' in said.err, repr(said)
        document = one.attempt('--json', *command.split(), *arguments, '--dry-run').json
        assert document['is_dry_run'] is True, command
        assert walk.everything(full) == before, command
    assert sorted(path.name for path in full.folder.iterdir()) == files
    assert not empty.data.exists()


def test_what_cannot_be_done_is_refused_dry_as_well(full):
    full.fails(3, 'store.exists', 'init', '--dry-run')
    full.fails(3, 'ops.bind.exists', 'bind', 'add', 'shop', 'https://127.0.0.1:8443', '--host', HOST, '--cert', 'Shop 2026', '--dry-run')
    full.fails(3, 'ops.cert.bound', 'cert', 'delete', 'Shop 2026', '--dry-run')
    full.fails(4, 'ops.site.missing', 'site', 'remove', 'none', '--dry-run')


def test_commands_that_change_nothing_have_none(store):
    store.fails(2, 'cli.option.unknown', 'cert', 'list', '--dry-run')
