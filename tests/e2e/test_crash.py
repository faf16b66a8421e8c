"""kill -9 at random moments: what was answered is there, what was not can be done again, the store is whole.

20 kills for each kind of change; with PADLOCK_SOAK=1 ("make soak") 500.
"""
import json
import os
import random
import sqlite3
import subprocess
import time

import pytest

import walk

KILLS = 500 if os.environ.get('PADLOCK_SOAK') == '1' else 20
SEED = int(os.environ.get('PADLOCK_SEED', '1'))
pytestmark = pytest.mark.timeout(3600 if KILLS > 20 else 120)


class Killer:
    """Runs a command and kills it somewhere between its start and a little after its end."""

    def __init__(self, store):
        self.store, self.random = store, random.Random(SEED)
        self.duration, self.killed, self.ended = 0.05, 0, 0

    def __call__(self, *arguments):
        """The command's document if it had answered, else None."""
        started = time.monotonic()
        process = subprocess.Popen(self.store.command('--json', *arguments), cwd=self.store.folder, env=self.store.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            process.wait(self.random.uniform(0, 1.2 * self.duration))
        except subprocess.TimeoutExpired:
            process.kill()
        output = process.communicate()[0]
        if process.returncode == -9:
            self.killed += 1
        else:
            self.ended += 1
            self.duration = (self.duration + time.monotonic() - started) / 2
        return json.loads(output) if output.endswith(b'}\n') else None


@pytest.fixture
def kill(store):
    killer = Killer(store)
    yield killer
    assert killer.killed >= KILLS // 3, 'most commands ended before they were killed'
    check_whole(store)


def check_whole(store):
    with sqlite3.connect(store.data / 'store.db') as database:
        assert database.execute('PRAGMA integrity_check').fetchall() == [('ok',)]
        assert database.execute('PRAGMA foreign_key_check').fetchall() == []
    database.close()
    assert not store.json('audit', 'verify')['is_broken']
    walk.install(store, 'after.example.com', 'After the crashes')


def listed(store, *command, key):
    return store.json(*command, '--limit', '1000')[key]


def test_issuing(store, kill):
    """Each certificate that may have been signed is listed, and each submission comes to its end."""
    answered = {}
    for number in range(KILLS):
        host = f'h{number}.example.com'
        store.run('request', 'new', host, '--out', 'k.csr', '--force')
        submission = store.json('ca', 'submit', 'k.csr')['id']
        document = kill('ca', 'approve', submission)
        if document is not None:
            answered[document['serial']] = host
        state = store.json('ca', 'show', submission)['state']
        if state != 'issued':
            assert document is None
            store.run('ca', 'approve', submission)
        store.run('ca', 'fetch', submission, '--out', 'k.pem', '--force')
        store.run('cert', 'install', 'k.pem', '--name', host)
    issued = {one['serial']: one for one in listed(store, 'ca', 'issued', key='issued')}
    for serial, host in answered.items():
        assert issued[serial]['state'] == 'signed' and host in issued[serial]['names']
    signed = [one for one in issued.values() if one['state'] == 'signed']
    assert len(signed) == KILLS and len(listed(store, 'cert', 'list', key='certificates')) == KILLS


def test_revoking(store, kill):
    """What was answered is revoked; whatever is revoked comes onto the list; no number is given twice."""
    numbers, answered = [], set()
    for number in range(KILLS):
        host = f'h{number}.example.com'
        store.run('request', 'new', host, '--out', 'k.csr', '--force')
        serial = store.json('ca', 'issue', 'k.csr')['serial']
        document = kill('ca', 'revoke', serial, '--reason', 'superseded')
        if document is not None:
            assert document['is_listed']
            answered.add(serial)
        numbers.append(store.json('ca', 'crl')['number'])
    assert numbers == sorted(numbers)
    revoked = {one['serial'] for one in listed(store, 'ca', 'issued', '--state', 'revoked', key='issued')}
    assert answered <= revoked
    renewed = store.json('ca', 'crl', '--renew')
    assert renewed['number'] > numbers[-1] and renewed['entries'] == len(revoked)


def test_renewing(store, kill):
    """A binding has always a whole certificate: the old one, or the new one."""
    walk.install(store)
    walk.site(store)
    walk.bind(store, 8443, 'www.example.com')
    name = 'Shop 2026'
    for _ in range(KILLS):
        kill('cert', 'renew', name)
        bound = store.json('bind', 'list')['bindings'][0]
        there = {one['id']: one for one in listed(store, 'cert', 'list', key='certificates')}
        name = next(one for one in there if one in str(bound))
        assert there[name]['names'] == ['www.example.com']
    store.run('cert', 'renew', name)


def test_installing(store, kill):
    for number in range(KILLS):
        host = f'h{number}.example.com'
        store.run('request', 'new', host, '--out', 'k.csr', '--force')
        store.run('ca', 'issue', 'k.csr')
        store.run('ca', 'fetch', host, '--out', 'k.pem', '--force')
        document = kill('cert', 'install', 'k.pem', '--name', host)
        there = [one for one in listed(store, 'cert', 'list', key='certificates') if one['friendly_name'] == host]
        state = store.json('request', 'show', host)['state']
        assert (len(there), state) in ((1, 'installed'), (0, 'pending'))
        assert document is None or there[0]['id'] == document['id']
        if not there:
            store.run('cert', 'install', 'k.pem', '--name', host)
    assert len(listed(store, 'cert', 'list', key='certificates')) == KILLS


def test_binding(store, kill):
    walk.install(store)
    walk.site(store)
    for number in range(KILLS):
        url = f'https://127.0.0.1:{20000 + number}'
        document = kill('bind', 'add', 'shop', url, '--host', 'www.example.com', '--cert', 'Shop 2026')
        there = [one for one in listed(store, 'bind', 'list', key='bindings') if one['port'] == 20000 + number]
        assert len(there) in (0, 1) and (document is None or there[0]['id'] == document['id'])
        if there:
            kill('bind', 'remove', there[0]['id'])
        check = store.attempt('bind', 'add', 'shop', url, '--host', 'www.example.com', '--cert', 'Shop 2026')
        assert check.code in (0, 3), repr(check)
    assert len(listed(store, 'bind', 'list', key='bindings')) == KILLS


def test_making_a_store(padlock):
    """A killed init leaves something that is told, or nothing; after removing it, init works."""
    duration = 0.1
    for _ in range(KILLS):
        process = subprocess.Popen(padlock.command('init'), cwd=padlock.folder, env=padlock.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, duration))
        process.kill()
        process.wait()
        said = padlock.attempt('ca', 'status')
        assert said.code in (0, 1, 3, 4), repr(said)
        subprocess.run(['rm', '-rf', padlock.data], check=True)
    padlock.run('init')
