"""Every change to certificates, sites and bindings is taken back by "padlock undo", and by nothing else."""
import pytest

import foreign
import walk

HOST = 'www.example.com'


@pytest.fixture
def shop(store):
    walk.install(store)
    walk.site(store)
    walk.bind(store, 8443, HOST)
    return store


def things(store):
    """What undo brings back; its own operations and the audit trail go on, of course."""
    return [store.json(*command) for command in
            (('request', 'list'), ('cert', 'list'), ('site', 'list'), ('bind', 'list'), ('policy', 'list'))]


UNDOABLE = {
    'cert install': ('cert', 'install', 'late.pem'),
    'cert import': ('cert', 'import', 'foreign.pem'),
    'cert replace': ('cert', 'replace', 'Shop 2026', 'Next', '--no-wait'),
    'cert delete': ('cert', 'delete', 'Spare'),
    'cert delete --unbind': ('cert', 'delete', 'Shop 2026', '--unbind'),
    'site add': ('site', 'add', 'second', '--root', 'empty'),
    'site set --root': ('site', 'set', 'shop', '--root', 'empty'),
    'site set --name': ('site', 'set', 'shop', '--name', 'other'),
    'site remove': ('site', 'remove', 'empty'),
    'site remove --unbind': ('site', 'remove', 'shop', '--unbind'),
    'bind add': ('bind', 'add', 'shop', 'https://127.0.0.1:8444', '--host', HOST, '--cert', 'Shop 2026'),
    'bind set': ('bind', 'set', 'https://127.0.0.1:8443', '--policy', 'modern'),
    'policy add': ('policy', 'add', 'second', '--from', 'modern'),
    'policy set': ('policy', 'set', 'own', '--about', 'changed'),
    'policy remove': ('policy', 'remove', 'own'),
    'bind remove': ('bind', 'remove', 'https://127.0.0.1:8443'),
}


@pytest.mark.parametrize('change', UNDOABLE)
def test_each_change_and_back_and_forth(shop, tmp_path, change):
    walk.install(shop, 'spare.example.com', 'Spare')
    walk.install(shop, HOST, 'Next')
    walk.site(shop, 'empty')
    shop.run('policy', 'add', 'own', '--from', 'modern')
    shop.run('request', 'new', 'late.example.com', '--out', 'late.csr')
    shop.run('ca', 'issue', 'late.csr')
    shop.run('ca', 'fetch', 'late.example.com', '--out', 'late.pem')
    key = foreign.key(tmp_path / 'key')
    foreign.csr(tmp_path / 'f.csr', key, '/CN=f.example.com')
    leaf = foreign.Authority(tmp_path / 'a').sign(tmp_path / 'f.csr', tmp_path / 'f.pem', 'DNS:f.example.com')
    (tmp_path / 'foreign.pem').write_bytes(leaf.read_bytes() + key.read_bytes())
    before = things(shop)
    shop.run(*UNDOABLE[change])
    after = things(shop)
    assert after != before
    undone = shop.json('undo')
    assert undone['changes']
    assert things(shop) == before
    redo = next(one for one in shop.json('undo', '--list')['operations'] if 'undoes' in one)
    shop.run('undo', redo['id'])
    assert things(shop) == after


def test_newest_first_until_nothing_is_left(shop):
    for what in ('bind add', 'site add', 'cert install'):
        assert shop.json('undo')['undone']['title'].startswith(what)
    said = shop.attempt('undo')
    assert said.code != 0 and 'undo' in said.err
    assert shop.json('cert', 'list')['certificates'] == [] and shop.json('request', 'show', HOST)['state'] == 'pending'


def test_issuing_is_for_good_and_says_so(shop):
    issue = next(one for one in shop.json('undo', '--list')['operations'] if one['title'] == 'ca issue')
    assert not issue['is_undoable'] and 'for good' in issue['undoable']
    said = shop.attempt('undo', issue['id'])
    assert said.code == 3
    for command in (('ca', 'approve'), ('ca', 'issue'), ('cert', 'export')):
        assert 'cannot be undone' in shop.run(*command, '--help').out


def test_later_changes_are_undone_first(shop):
    site = next(one for one in shop.json('undo', '--list')['operations'] if one['title'].startswith('site add'))
    said = shop.attempt('undo', site['id'])
    assert said.code == 3, repr(said)
    assert sorted(one['kind'] for one in shop.json('site', 'list')['sites']) == ['services', 'static']


def test_a_thing_that_was_changed_meanwhile_is_not_overwritten(shop):
    shop.run('site', 'set', 'shop', '--name', 'one')
    first = shop.json('undo', '--list')['operations'][0]
    shop.run('site', 'set', 'one', '--name', 'two')
    assert shop.attempt('undo', first['id']).code == 3
    assert shop.json('site', 'list')['sites'][-1]['name'] == 'two'


def test_an_unknown_operation(shop):
    assert shop.attempt('undo', 'deadbeef').code == 4
