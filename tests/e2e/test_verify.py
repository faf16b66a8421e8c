"""The five checks, each with what makes it fail, on servers of others and on files."""
import contextlib
import ssl
import threading

import pytest

import clients
import foreign
from program import free_ports

HOST = 'www.example.com'


@pytest.fixture
def authority(tmp_path):
    return foreign.Authority(tmp_path / 'authority')


def certificate(authority, folder, sans=f'DNS:{HOST}', name='leaf', **options):
    key = foreign.key(folder / f'{name}.key')
    foreign.csr(folder / f'{name}.csr', key, '/CN=x')
    return authority.sign(folder / f'{name}.csr', folder / f'{name}.pem', sans, **options)


@contextlib.contextmanager
def served(leaf):
    """A server by Python, that ends each connection after the handshake."""
    import socket
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf, leaf.with_suffix('.key'))
    listener = socket.create_server(('127.0.0.1', 0))

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with contextlib.suppress(OSError):
                    context.wrap_socket(connection, server_side=True).close()
    threading.Thread(target=accept, daemon=True).start()
    yield f'127.0.0.1:{listener.getsockname()[1]}'
    listener.close()


def verify(padlock, *arguments):
    """Exit code and outcome of each check."""
    said = padlock.attempt('--json', 'verify', *arguments)
    return said.code, {check['check']: check['outcome'] for check in said.json['checks']}, said.json


def test_all_is_well(padlock, tmp_path, authority):
    with served(certificate(authority, tmp_path)) as address:
        code, checks, document = verify(padlock, address, '--host', HOST, '--trust', authority.certificate)
        assert code == 0 and document['outcome'] != 'fail'
        assert checks == {'dates': 'pass', 'issuer': 'pass', 'signature': 'pass', 'name': 'pass', 'revocation': 'unknown'}
        text = padlock.run('verify', address, '--host', HOST, '--trust', authority.certificate).out
        assert text.count('✓') == 4 and text.count('?') >= 1 and '✗' not in text


@pytest.mark.parametrize('check, options, arguments', [
    ('dates', {'start': '20200101000000Z', 'end': '20210101000000Z'}, ()),
    ('dates', {'start': '20400101000000Z', 'end': '20410101000000Z'}, ()),
    ('dates', {}, ('--at', '2037-01-01')),
    ('name', {'sans': 'DNS:other.example.com'}, ()),
    ('name', {'sans': 'DNS:*.www.example.com'}, ()),
])
def test_one_check_fails(padlock, tmp_path, authority, check, options, arguments):
    leaf = certificate(authority, tmp_path, **options)
    with served(leaf) as address:
        code, checks, _ = verify(padlock, address, '--host', HOST, '--trust', authority.certificate, *arguments)
    assert code == 1 and [name for name, outcome in checks.items() if outcome == 'fail'] == [check]


def test_an_issuer_that_nobody_trusts(padlock, tmp_path, authority):
    with served(certificate(authority, tmp_path)) as address:
        code, checks, _ = verify(padlock, address, '--host', HOST)
    assert code == 1 and checks['issuer'] == 'fail'


def test_a_signature_by_another(padlock, tmp_path, authority):
    (tmp_path / 'second').mkdir()
    impostor = foreign.Authority(tmp_path / 'second/authority')
    with served(certificate(authority, tmp_path)) as address:
        code, checks, _ = verify(padlock, address, '--host', HOST, '--trust', impostor.certificate)
    assert code == 1 and 'fail' in (checks['signature'], checks['issuer'])


def test_files(padlock, tmp_path, authority):
    leaf = certificate(authority, tmp_path)
    assert verify(padlock, leaf, '--host', HOST, '--trust', authority.certificate)[0] == 0
    code, checks, _ = verify(padlock, leaf, '--trust', authority.certificate)
    assert code == 0 and checks['name'] == 'unknown'
    (tmp_path / 'text').write_text('hello\n', encoding='ascii')
    padlock.fails(2, 'ops.verify.target', 'verify', 'text')
    padlock.fails(2, 'ops.verify.target', 'verify', 'leaf.csr')


def test_the_same_verdict_as_openssl(padlock, tmp_path, authority):
    leaf = certificate(authority, tmp_path)
    for at, expected in (('2026-12-01', 0), ('2025-12-31', 1), ('2036-01-02', 1)):
        seconds = clients.run('date', '-u', '-d', at, '+%s').strip()
        theirs = clients.run('openssl', 'verify', '-attime', seconds, '-CAfile', authority.certificate, '-verify_hostname', HOST, leaf,
                             check=False)
        code, _, _ = verify(padlock, leaf, '--host', HOST, '--trust', authority.certificate, '--at', at)
        if at > '2026-11':  # before, openssl also finds the root too young
            assert (': OK' in theirs) == (expected == 0)
        assert code == expected


def test_nobody_there(padlock):
    port = free_ports(1)[0]
    padlock.fails(5, 'tls.look.connect', 'verify', f'127.0.0.1:{port}')
    padlock.fails(5, 'tls.look.resolve', 'verify', 'nowhere.invalid')
