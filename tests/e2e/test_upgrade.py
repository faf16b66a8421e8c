"""Another version of the program takes over: SIGUSR2, no connection refused, nothing served stale."""
import os
import pathlib
import shutil
import signal
import socket
import ssl
import time

import pytest

import clients
import processes
import serving
from program import Padlock, Server

HOST = 'www.example.com'


class Successor:
    """A server that was started by another; ended by its id."""

    def __init__(self, before):
        self.pid = int(before.wait_log(r'upgraded pid=(\d+)').group(1))

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        processes.wait_for(lambda: not pathlib.Path(f'/proc/{self.pid}').exists() or
                           processes.status(self.pid, 'State') == 'Z', 20, 'the end of the new version')


@pytest.fixture
def own(padlock, new_store, tmp_path):
    """A program of its own, which can be replaced; with a store."""
    program = tmp_path / 'bin' / 'padlock'
    program.parent.mkdir()
    shutil.copy2(padlock.binary, program)
    return Padlock(program, tmp_path).copy_store(new_store)


def upgrade(server):
    os.kill(server.pid, signal.SIGUSR2)


def replace(program, content):
    """As "make install" does: the running one keeps its file."""
    beside = program.with_suffix('.new')
    if isinstance(content, bytes):
        beside.write_bytes(content)
        beside.chmod(0o755)
    else:
        shutil.copy2(content, beside)
    os.replace(beside, program)


def test_a_new_version_takes_over_without_a_refused_connection(own, padlock, ports):
    port, services, metrics = ports(3)
    serving.bind(own, port, HOST)
    own.run('bind', 'add', 'services', f'http://127.0.0.1:{services}')
    root = serving.root(own)
    server = Server(own, 'serve', '--metrics', f'127.0.0.1:{metrics}')
    server.wait_ready()
    context = ssl.create_default_context(cafile=str(root))
    with context.wrap_socket(socket.create_connection(('127.0.0.1', port), timeout=20), server_hostname=HOST) as kept:
        with processes.Load(port, root, HOST) as load:
            processes.wait_for(lambda: load.done > 20, what='load')
            replace(own.binary, padlock.binary)
            upgrade(server)
            successor = Successor(server)
            kept.sendall(f'GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n'.encode())
            assert b'200 OK' in kept.recv(65536)
            assert server.process.wait(20) == 0
            load.done = 0
            processes.wait_for(lambda: load.done > 20, what='load on the new version')
    try:
        assert load.errors == []
        assert '200 OK' in clients.run('curl', '-si', f'http://127.0.0.1:{services}/ca/')
        assert 'padlock_processes' in clients.run('curl', '-s', f'http://127.0.0.1:{metrics}/metrics')
        # It is a server like any other: changes are proven by it, and what it let go of is closed.
        assert own.json('bind', 'remove', f'http://127.0.0.1:{services}')['served'] == 'proven'
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(('127.0.0.1', services), timeout=5)
        done = own.json('bind', 'add', HOST, f'https://127.0.0.1:{port}', '--host', 'two.example.com',
                        '--cert', serving.certificate(own, 'two.example.com'))
        assert done['served'] == 'proven'
    finally:
        successor.stop()


@pytest.mark.parametrize('content', [b'#!/bin/sh\nexit 1\n', b'no program at all', b'#!/bin/sh\nkill -9 $$\n'])
def test_a_version_that_does_not_come_to_serve_changes_nothing(own, ports, content):
    port, = ports(1)
    serving.bind(own, port, HOST)
    root = serving.root(own)
    working = own.binary.read_bytes()
    server = Server(own, 'serve')
    server.wait_ready()
    with processes.Load(port, root, HOST) as load:
        replace(own.binary, content)
        upgrade(server)
        server.wait_log('not-upgraded .*role.upgrade')
        load.done = 0
        processes.wait_for(lambda: load.done > 10, what='load')
    assert load.errors == []
    replace(own.binary, working)
    # Its control is back: a change is proven.
    done = own.json('bind', 'add', HOST, f'https://127.0.0.1:{port}', '--host', 'two.example.com',
                    '--cert', serving.certificate(own, 'two.example.com'))
    assert done['served'] == 'proven'
    server.stop()


def test_one_upgrade_at_a_time(own, ports):
    port, = ports(1)
    serving.bind(own, port, HOST)
    server = Server(own, 'serve')
    server.wait_ready()
    replace(own.binary, b'#!/bin/sh\nsleep 2\n')
    upgrade(server)
    server.wait_log('upgrading')
    time.sleep(0.2)
    upgrade(server)
    server.wait_log('upgrade-refused')
    server.wait_log('not-upgraded')
    server.stop()
