"""The audit trail: each change leaves a record, and a record that was changed afterwards is found."""
import sqlite3

import pytest

import walk


@pytest.fixture
def trail(store):
    walk.install(store)
    walk.site(store)
    walk.bind(store, 8443, 'www.example.com')
    return store


def change(store, sql):
    """What someone does who may write the file, with SQLite's own tools."""
    with sqlite3.connect(store.data / 'store.db') as database:
        assert database.execute(sql).rowcount > 0
    database.close()


def test_every_change_has_a_record(trail):
    actions = [record['action'] for record in trail.json('audit', 'list')['records']]
    for action in ('ca.create', 'request.new', 'ca.submit', 'ca.approve', 'ca.issue', 'cert.install', 'site.add', 'bind.add'):
        assert action in actions
    trail.run('undo')
    assert trail.json('audit', 'list')['records'][0]['action'] == 'operation.undo'
    verdict = trail.json('audit', 'verify')
    assert not verdict['is_broken'] and verdict['record_count'] == len(actions) + 1


@pytest.mark.parametrize('sql', [
    "UPDATE audit SET actor = 'nobody' WHERE number = 3",
    "UPDATE audit SET details = 'nothing' WHERE number = 5",
    "UPDATE audit SET time_ms = time_ms + 1 WHERE number = 2",
    "UPDATE audit SET action = 'bind.add' WHERE action = 'ca.issue'",
    'DELETE FROM audit WHERE number = 4',
    'DELETE FROM audit WHERE number = 1',
    'UPDATE audit SET number = number + 100 WHERE number = (SELECT max(number) FROM audit)',
])
def test_a_change_behind_its_back_is_found(trail, sql):
    trail.run('audit', 'verify')
    change(trail, sql)
    said = trail.attempt('audit', 'verify')
    assert said.code == 1 and 'was changed' in said.out, repr(said)
    document = trail.attempt('--json', 'audit', 'verify').json
    assert document['is_broken'] and document['reason'] and document['broken_number'] > 0


def test_pages(trail):
    whole = trail.json('audit', 'list')['records']
    numbers, after = [], ()
    while True:
        page = trail.json('audit', 'list', '--limit', '3', *after)
        numbers += [record['number'] for record in page['records']]
        if not page.get('next'):
            break
        after = ('--after', page['next'])
    assert numbers == [record['number'] for record in whole] and len(numbers) > 6


def test_text_from_outside_reaches_no_terminal(store, tmp_path):
    """A request that was named by an attacker: no escape sequence comes out again, anywhere."""
    import foreign
    foreign.csr(tmp_path / 'evil.csr', foreign.key(tmp_path / 'key'), '/O=\x1b[31mred\x1b]0;title\x07/CN=www.example.com', '-utf8')
    for command in (('ca', 'submit', 'evil.csr', '--profile', 'internal'), ('ca', 'queue'), ('audit', 'list'), ('inspect', 'evil.csr')):
        said = store.attempt(*command)
        assert '\x1b' not in said.out + said.err and '\x07' not in said.out + said.err, repr(said)
