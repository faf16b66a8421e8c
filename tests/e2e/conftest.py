"""End to end: the real binary against real clients. Fixtures for all tests of this folder.

The binary is build/src/padlock, or what PADLOCK names (make check-all: the sanitized one).
Each test has a folder of its own, with an empty HOME; nothing outside it is read or written.
Servers bind free ports of the loopback interface and are stopped by their own process id.
"""
import os
import pathlib

import pytest

from program import Padlock, Server, free_ports

TOP = pathlib.Path(__file__).resolve().parents[2]


def pytest_configure(config):
    config.addinivalue_line('markers', 'plain: not with the sanitized binary (sandbox, memory, time)')


def binary():
    return (TOP / os.environ.get('PADLOCK', 'build/src/padlock')).resolve()


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker('plain') and 'asan' in str(binary()):
            item.add_marker(pytest.mark.skip(reason='belongs to the plain build'))
        # A test that hangs is a failed test; the sanitizers make everything slower.
        if not item.get_closest_marker('timeout'):
            item.add_marker(pytest.mark.timeout(120))


@pytest.fixture
def padlock(tmp_path):
    """The command line, with a data folder of its own that is not made yet."""
    assert binary().exists(), f'{binary()} is not built'
    return Padlock(binary(), tmp_path)


@pytest.fixture(scope='session')
def new_store(tmp_path_factory):
    """A data folder right after "padlock init", to be copied; its CA issues every profile."""
    one = Padlock(binary(), tmp_path_factory.mktemp('new'))
    one.run('init', '--ca-name', 'Example', '--base-url', 'http://pki.example.com:8080')
    return one.data


@pytest.fixture
def store(padlock, new_store):
    """The command line with a store of its own, as new."""
    return padlock.copy_store(new_store)


@pytest.fixture
def ports():
    """Asks for free ports: ports(3) gives three different ones."""
    return free_ports


@pytest.fixture
def server(store):
    """Starts "padlock serve" on the store: server() or server('--option'); stopped at the end."""
    started = []

    def start(*arguments, **options):
        one = Server(store, 'serve', *arguments, **options)
        started.append(one)
        one.wait_ready()
        return one
    yield start
    for one in started:
        one.stop()
