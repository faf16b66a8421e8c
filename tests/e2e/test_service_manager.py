"""Under a service manager: readiness, sockets and credentials that are handed over, users."""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

import pytest

import clients
import processes
import serving
from program import Padlock, Server

HOST = 'www.example.com'


class Managed(Server):
    """A server that is started as systemd starts one: LISTEN_FDS, NOTIFY_SOCKET, credentials."""

    def __init__(self, padlock, listeners=(), **environment):
        count = len(listeners)
        numbers = ' '.join(f'{3 + i}<&{one.fileno()}' for i, one in enumerate(listeners))
        redirect = f'exec {numbers}; ' if count else ''
        script = f'{redirect}export LISTEN_PID=$$ LISTEN_FDS={count}; exec "$@"'
        inherited = [one.fileno() for one in listeners]

        class Wrapped:
            environment = None
            folder = padlock.folder

            @staticmethod
            def command(*arguments):
                return ['bash', '-c', script, 'bash', *padlock.command(*arguments)]
        Wrapped.environment = {**padlock.environment, **environment}
        real = subprocess.Popen

        def popen(*words, **options):
            return real(*words, pass_fds=inherited, **options)
        subprocess.Popen = popen
        try:
            super().__init__(Wrapped, 'serve')
        finally:
            subprocess.Popen = real


def test_readiness_and_stopping_are_told(store, ports, tmp_path):
    port, = ports(1)
    serving.bind(store, port, HOST)
    path = tmp_path / 'notify'
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20)
        server = Managed(store, NOTIFY_SOCKET=str(path))
        assert 'READY=1' in manager.recv(4096).decode().split('\n')
        server.stop()
        assert 'STOPPING=1' in manager.recv(4096).decode().split('\n')


def test_a_socket_that_was_handed_over_outlives_the_server(store):
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
        serving.bind(store, port, HOST)
        root = serving.root(store)
        for _ in range(2):
            server = Managed(store, [listener])
            server.wait_ready()
            assert HOST in clients.curl(f'https://{HOST}:{port}/', root,
                                        *clients.resolve(HOST, port))
            server.stop()
            socket.create_connection(('127.0.0.1', port), 5).close()  # waits, is not refused


def test_the_sealing_key_may_be_a_credential(store, ports, tmp_path):
    port, = ports(1)
    serving.bind(store, port, HOST)
    folder = tmp_path / 'credentials'
    folder.mkdir(mode=0o700)
    shutil.move(store.data / 'sealing.key', folder / 'padlock-sealing-key')
    store.fails(4, 'keys.sealing.missing', 'request', 'new', HOST)
    server = Managed(store, CREDENTIALS_DIRECTORY=str(folder))
    server.wait_ready()
    assert HOST in clients.curl(f'https://{HOST}:{port}/', serving.root(store),
                                *clients.resolve(HOST, port))
    server.stop()


class WithUsers(Padlock):
    """The binary where the three users are there, in a mount namespace of its own."""

    def __init__(self, binary, folder):
        super().__init__(binary, folder)
        for name, line in (('passwd', '{0}:x:{1}:{1}::/nonexistent:/usr/sbin/nologin\n'),
                           ('group', '{0}:x:{1}:\n')):
            with open(f'/etc/{name}', encoding='utf-8') as file:
                text = file.read()
            for number, user in enumerate(('padlock', 'padlock-net', 'padlock-keys')):
                text += line.format(user, 64100 + number)
            (folder / name).write_text(text, encoding='utf-8')

    def command(self, *arguments):
        script = ('mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec "$@"')
        return ['unshare', '--mount', 'sh', '-c', script, 'sh', *super().command(*arguments)]


@pytest.fixture
def open_folder():
    """A folder that every user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix='padlock-users-') as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


@pytest.mark.plain
@pytest.mark.skipif(os.geteuid() != 0, reason='only root can become others')
def test_each_process_has_its_user(padlock, ports, open_folder):
    port, = ports(1)
    users = {'padlock': 64100, 'padlock-net': 64101, 'padlock-keys': 64102}
    assert not any(entry.pw_uid in users.values() for entry in pwd.getpwall())
    store = WithUsers(padlock.binary, open_folder)
    store.run('init', '--ca-name', 'Example', '--base-url', 'http://pki.example.com:8080')
    serving.bind(store, port, HOST)
    server = Server(store, 'serve')
    server.wait_ready()
    expected = {'control': 64100, 'net': 64101, 'net-services': 64101, 'probe': 64101, 'keys': 64102}
    for role, pids in processes.settled(server).items():
        assert {processes.status(pid, 'Uid') for pid in pids} == {str(expected[role])}, role
    assert os.stat(store.data / 'sealing.key').st_uid == 0
    assert os.stat(store.data / 'store.db').st_uid == 64100
    assert HOST in clients.curl(f'https://{HOST}:{port}/', serving.root(store),
                                *clients.resolve(HOST, port))
    serving.bind(store, port, 'shop.example.com')
    server.stop()
