"""Taking certificates back: the revocation list, who reads it, and when it is signed anew."""
import contextlib
import sqlite3
import time

import pytest

import clients
import serving
import walk
from program import Padlock

HOST, OTHER = 'www.example.com', 'other.example.com'


def text(store, *options):
    file = store.folder / 'list.pem'
    store.run('ca', 'crl', '--out', file, '--force', *options)
    return clients.run('openssl', 'crl', '-in', file, '-noout', '-text')


def issue(store, host):
    store.run('request', 'new', host, '--out', f'{host}.csr')
    serial = store.json('ca', 'issue', f'{host}.csr')['serial']
    store.run('ca', 'fetch', host, '--out', f'{host}.pem')
    return serial


def test_revoked_and_listed(store):
    serial, other = issue(store, HOST), issue(store, OTHER)
    assert 'No Revoked Certificates' in text(store)
    document = store.json('ca', 'revoke', HOST, '--reason', 'key-compromise')
    assert document['state'] == 'revoked' and document['is_listed'] and document['serial'] == serial
    assert document['installed'] is None and document['bindings'] == []
    said = text(store)
    assert serial.upper() in said and other.upper() not in said and 'Key Compromise' in said
    store.run('ca', 'revoke', other)
    said = text(store)
    assert other.upper() in said and said.count('X509v3 CRL Reason Code') == 1  # "unspecified" is not written
    assert store.json('ca', 'status')['issued']['revoked'] == 2
    assert [one['state'] for one in store.json('ca', 'issued')['issued']] == ['revoked', 'revoked']
    store.run('audit', 'verify')
    assert {'ca.revoke', 'ca.crl'} <= {one['action'] for one in store.json('audit', 'list')['records']}


def test_as_openssl_and_gnutls_see_it(store):
    root, chain = store.folder / 'root.pem', store.folder / 'chain.pem'
    issue(store, HOST)
    issue(store, OTHER)
    store.run('ca', 'root', '--out', root)
    store.run('ca', 'fetch', HOST, '--format', 'chain', '--out', chain)
    store.run('ca', 'revoke', HOST, '--reason', 'superseded')
    lists = store.folder / 'lists.pem'
    lists.write_text(store.run('ca', 'crl').out + store.run('ca', 'crl', '--root').out, encoding='ascii')
    for host, verdict in ((HOST, 'certificate revoked'), (OTHER, 'OK')):
        said = clients.run('openssl', 'verify', '-crl_check_all', '-CAfile', root, '-untrusted', chain, '-CRLfile', lists,
                           store.folder / f'{host}.pem', check=False)
        assert verdict in said, said
    said = clients.certtool('--verify-crl', '--load-ca-certificate', chain, '--infile', store.folder / 'lists.pem', check=False)
    assert 'verified' in said.lower(), said
    der = store.folder / 'list.crl'
    store.run('ca', 'crl', '--format', 'der', '--out', der)
    assert clients.run('openssl', 'crl', '-inform', 'DER', '-in', der, '-noout', '-issuer').startswith('issuer=')


def whole(store):
    """A file with the certificate and its issuers."""
    file = store.folder / 'whole.pem'
    store.run('ca', 'fetch', HOST, '--format', 'chain', '--out', file)
    return file


def test_verify_knows_the_own_list(store):
    walk.install(store, HOST)
    file = whole(store)
    panel = next(p for p in store.json('verify', file)['panels'] if p['panel'] == 'revocation')
    assert panel['outcome'] == 'pass'
    store.run('ca', 'revoke', HOST, '--reason', 'privilegeWithdrawn')
    said = store.attempt('--json', 'verify', file)
    panel = next(p for p in said.json['panels'] if p['panel'] == 'revocation')
    assert said.code == 1 and panel['outcome'] == 'fail' and panel['code'] == 'verify.revoked'
    assert [one['browser'] for one in said.json['browsers'] if one.get('fault') == 'verify.revoked'] == ['Safari', 'Internet Explorer']


def test_where_it_still_is(store):
    walk.install(store, HOST)
    document = store.json('ca', 'revoke', HOST, '--dry-run')
    assert document['installed'] == 'Shop 2026' and document['state'] == 'revoked' and not document['is_listed']
    walk.site(store)
    walk.bind(store, 8443, HOST)
    said = store.run('ca', 'revoke', HOST)
    assert f'it is still bound: https://127.0.0.1:8443 {HOST}' in said.err and 'cert replace "Shop 2026"' in said.out


def test_is_not_bound_any_more(store):
    walk.install(store, HOST, 'Next')
    store.run('ca', 'revoke', HOST)
    walk.install(store, HOST)
    walk.site(store)
    bind = ('shop', 'https://127.0.0.1:8443', '--host', HOST, '--cert', 'Next')
    said = store.fails(3, 'ops.bind.revoked', 'bind', 'add', *bind)
    assert '"Next" was revoked on 20' in said.err
    walk.bind(store, 8443, HOST)
    store.fails(3, 'ops.bind.revoked', 'cert', 'replace', 'Shop 2026', 'Next')


def test_refusals(store):
    issue(store, HOST)
    store.fails(1, 'ca.revoke.reason', 'ca', 'revoke', HOST, '--reason', 'boredom')
    store.fails(1, 'ca.revoke.reason', 'ca', 'revoke', HOST, '--reason', 'certificateHold')
    store.fails(4, 'ops.issued.missing', 'ca', 'revoke', 'none.example.com')
    store.run('ca', 'revoke', HOST)
    said = store.fails(3, 'ops.revoke.done', 'ca', 'revoke', HOST, '--reason', 'superseded')
    assert 'unspecified' in said.err
    store.fails(4, 'ops.crl.missing', 'ca', 'crl', '--shard', '7')
    store.fails(4, 'ops.undo.missing', 'undo')


def test_numbers_grow(store):
    first = store.json('ca', 'crl')
    second = store.json('ca', 'crl', '--renew')
    assert second['number'] > first['number'] and second['entries'] == 0
    assert store.json('ca', 'crl', '--renew', '--dry-run')['number'] == second['number']


@contextlib.contextmanager
def database(store):
    with contextlib.closing(sqlite3.connect(store.data / 'store.db', timeout=20)) as connection, connection:
        yield connection


def number_of(store, *options):
    return store.json('ca', 'crl', *options)['number']


def test_a_server_signs_what_is_due(store, server):
    """One that is old, one that lacks a revocation (the command was killed before it could sign), one that is missing."""
    serial = issue(store, HOST)
    server()
    before, root_before = number_of(store), number_of(store, '--root')
    with database(store) as connection:
        connection.execute('UPDATE crls SET this_update_ms = this_update_ms - 4 * 86400000')
    clients.wait_until(lambda: number_of(store) > before)
    time.sleep(6)
    assert number_of(store, '--root') == root_before  # a root's list has half a year
    before = number_of(store)
    with database(store) as connection:
        connection.execute("UPDATE issued SET state = 'revoked', revoked_ms = ?, revocation_reason = 4", (int(time.time() * 1000),))
    clients.wait_until(lambda: serial.upper() in text(store))
    with database(store) as connection:
        connection.execute('DELETE FROM crls')
    clients.wait_until(lambda: store.attempt('ca', 'crl').code == 0 and store.attempt('ca', 'crl', '--root').code == 0)
    assert number_of(store) > before and serial.upper() in text(store)


def test_fetched_from_the_address_in_the_certificate(store, server, ports):
    port, = ports(1)
    serial = issue(store, HOST)
    server()
    store.run('bind', 'add', 'services', f'http://127.0.0.1:{port}')
    said = clients.openssl_text(store.folder / f'{HOST}.pem')
    path = next(line.split('pki.example.com:8080')[1] for line in said.splitlines() if line.strip().endswith('.crl'))

    def fetch(*options):
        return clients.run('curl', '-s', '-i', f'http://127.0.0.1:{port}{path}', *options, '--output', store.folder / 'answer')

    def answer():
        return (store.folder / 'answer').read_bytes()
    fetch()
    head, _, body = answer().partition(b'\r\n\r\n')
    assert b'200 OK' in head and b'application/pkix-crl' in head and b'max-age=3600' in head
    (store.folder / 'fetched.crl').write_bytes(body)
    assert 'No Revoked' in clients.run('openssl', 'crl', '-inform', 'DER', '-in', store.folder / 'fetched.crl', '-noout', '-text')
    etag = next(line for line in head.decode().splitlines() if line.lower().startswith('etag')).split()[1]
    fetch('-H', f'If-None-Match: {etag}')
    assert b'304' in answer().splitlines()[0]
    store.run('ca', 'revoke', HOST, '--reason', 'superseded')
    fetch('-H', f'If-None-Match: {etag}')
    (store.folder / 'fetched.crl').write_bytes(answer().partition(b'\r\n\r\n')[2])
    assert serial.upper() in clients.run('openssl', 'crl', '-inform', 'DER', '-in', store.folder / 'fetched.crl', '-noout', '-text')
    for wrong in (path.replace('-0.crl', '-1.crl'), path.replace('-0.crl', '-99999.crl'), path.replace('-0.crl', '.crl'),
                  '/ca/crl/', '/ca/crl/x', path.replace('-0', '-x'), path + 'x'):
        assert '404' in clients.run('curl', '-s', '-i', f'http://127.0.0.1:{port}{wrong}').splitlines()[0], wrong
    assert '405' in clients.run('curl', '-s', '-i', '-X', 'POST', '-d', 'x', f'http://127.0.0.1:{port}{path}').splitlines()[0]


def test_a_verifier_without_the_store_finds_it(store, server, ports, tmp_path):
    """--fetch reads the address in the certificate, asks our server, and sees the revocation."""
    port, = ports(1)
    (tmp_path / 'stranger').mkdir()
    store.data = tmp_path / 'near'
    store.run('init', '--ca-name', 'Near', '--base-url', f'http://127.0.0.1:{port}')
    walk.install(store, HOST)
    file = whole(store)
    serving.root(store)
    server()
    store.run('bind', 'add', 'services', f'http://127.0.0.1:{port}')
    stranger = Padlock(store.binary, tmp_path / 'stranger')
    arguments = ('--json', 'verify', file, '--trust', store.folder / 'root.pem', '--fetch')
    assert stranger.run(*arguments).json['is_good']
    store.run('ca', 'revoke', HOST, '--reason', 'keyCompromise')
    said = stranger.attempt(*arguments)
    assert said.code == 1 and 'verify.revoked' in str(said.json['panels'])
