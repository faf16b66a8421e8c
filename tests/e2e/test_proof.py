"""Proof of service: a change counts when a connection shows it, and is taken back otherwise."""
import os
import shutil
import socket

import pytest
from cryptography import x509

import clients
import processes
import serving

HOST = 'www.example.com'


@pytest.fixture
def site(store, server, ports):
    port, = ports(1)
    serving.bind(store, port, HOST)
    return server(), port


def shown(store, port, host=HOST):
    """The serial number of the certificate that the port shows for the name."""
    leaf = clients.served_chain(port, host)[0]
    return x509.load_pem_x509_certificate(leaf.encode()).serial_number


def serial_of(store, name):
    return int(store.json('cert', 'show', name)['serial'], 16)


def test_a_binding_is_proven_before_the_command_ends(site, store):
    _, port = site
    name = serving.certificate(store, 'shop.example.com')
    done = store.json('bind', 'add', HOST, f'https://127.0.0.1:{port}', '--host',
                      'shop.example.com', '--cert', name)
    assert done['served'] == 'proven'
    assert shown(store, port, 'shop.example.com') == serial_of(store, name)


def test_without_a_server_it_is_stored(store, ports):
    port, = ports(1)
    serving.site(store, 'www')
    done = store.json('bind', 'add', 'www', f'https://127.0.0.1:{port}', '--cert',
                      serving.certificate(store, HOST))
    assert done['served'] == 'stored'
    assert 'no-wait' in store.run('help', 'bind', 'add').out


def test_a_replaced_certificate_is_on_the_wire_when_the_command_ends(site, store):
    _, port = site
    old = f'{HOST} ec:p256'
    before = shown(store, port)
    new = serving.certificate(store, HOST, 'ec:p384')
    done = store.json('cert', 'replace', old, new)
    assert done['served'] == 'proven' and done['bindings'] == 1
    assert shown(store, port) == serial_of(store, new) != before
    store.run('undo')
    processes.wait_for(lambda: shown(store, port) == before, what='the old one')


def test_what_does_not_suit_is_refused_and_nothing_changes(site, store):
    _, port = site
    before = shown(store, port)
    other = serving.certificate(store, 'other.example.com')
    store.fails(3, 'ops.bind.name', 'cert', 'replace', f'{HOST} ec:p256', other)
    store.fails(4, 'ops.cert.unbound', 'cert', 'replace', other, f'{HOST} ec:p256')
    assert shown(store, port) == before


def test_a_binding_that_nobody_can_reach_is_taken_back(site, store, ports):
    server, _ = site
    port, = ports(1)
    with socket.create_server(('127.0.0.1', port)):
        store.fails(1, 'ops.served.taken_back', 'bind', 'add', HOST,
                    f'https://127.0.0.1:{port}', '--host', HOST, '--cert', f'{HOST} ec:p256')
    server.wait_log('rolled-back')
    assert str(port) not in store.run('bind', 'list').out
    assert store.run('audit', 'verify')


def test_without_its_store_a_server_serves_what_it_served_last(site, store, server):
    running, port = site
    before = shown(store, port)
    processes.wait_for(lambda: (store.data / 'serving').exists(), 20, 'the saved bindings')
    running.stop()
    os.rename(store.data / 'store.db', store.data / 'elsewhere')
    again = server()
    again.wait_log('store-lost')
    assert shown(store, port) == before
    os.rename(store.data / 'elsewhere', store.data / 'store.db')
    again.wait_log('store-back')
    name = serving.certificate(store, 'shop.example.com')
    store.run('bind', 'add', HOST, f'https://127.0.0.1:{port}', '--host', 'shop.example.com',
              '--cert', name)
    assert shown(store, port, 'shop.example.com') == serial_of(store, name)


def test_what_was_served_last_is_there_at_the_next_start(site, store, server):
    running, port = site
    serving.certificate(store, 'unbound.example.com')  # a change that nothing serves
    running.stop()  # at once: what was not saved yet is saved now
    server().wait_log('restored')
    assert shown(store, port) == serial_of(store, f'{HOST} ec:p256')


def test_what_changed_while_nothing_served_is_served_at_the_next_start(site, store, server):
    running, port = site
    url = f'https://127.0.0.1:{port}'
    serving.bind(store, port, 'gone.example.com')
    running.stop()
    store.run('bind', 'remove', url, '--host', 'gone.example.com')
    store.run('bind', 'add', HOST, url, '--host', 'new.example.com', '--cert',
              serving.certificate(store, 'new.example.com'))
    again = server()
    again.wait_log('restored')
    assert shown(store, port, 'new.example.com') == serial_of(store, 'new.example.com ec:p256')
    assert shown(store, port, 'gone.example.com') == serial_of(store, f'{HOST} ec:p256')
    # And it goes on from there, change by change.
    store.run('bind', 'remove', url, '--host', 'new.example.com')
    assert shown(store, port, 'new.example.com') == serial_of(store, f'{HOST} ec:p256')
    replaced = serving.certificate(store, HOST, 'ec:p384')
    store.run('cert', 'replace', f'{HOST} ec:p256', replaced)
    assert shown(store, port) == serial_of(store, replaced)


def test_a_policy_that_changed_while_nothing_served_holds_at_the_next_start(site, store, server):
    running, port = site
    store.run('policy', 'add', 'own', '--from', 'intermediate')
    store.run('bind', 'set', f'https://127.0.0.1:{port}', '--policy', 'own')
    serving.root(store)
    assert 'TLSv1.2' in serving.handshake(store, port, HOST, '-tls1_2')
    running.stop()
    store.run('policy', 'set', 'own', '--versions', '1.3')
    server().wait_log('restored')
    assert 'alert protocol version' in serving.handshake(store, port, HOST, '-tls1_2')


def test_saved_bindings_of_another_store_are_not_used(site, store, server, new_store):
    running, port = site
    running.stop()
    saved = (store.data / 'serving').read_bytes()
    shutil.rmtree(store.data)
    store.copy_store(new_store)
    serving.bind(store, port, 'other.example.com')
    (store.data / 'serving').write_bytes(saved)
    again = server()
    again.wait_log('ops.world.stale')
    assert shown(store, port) == serial_of(store, 'other.example.com ec:p256')


def test_damaged_saved_bindings_are_built_anew(site, store, server):
    running, port = site
    saved = store.data / 'serving'
    processes.wait_for(saved.exists, 20, 'the saved bindings')
    running.stop()
    content = bytearray(saved.read_bytes())
    for at in range(0, len(content), 97):
        content[at] ^= 0x5A
    saved.write_bytes(content)
    server()
    assert shown(store, port) == serial_of(store, f'{HOST} ec:p256')
