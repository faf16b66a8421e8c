"""Bindings behind a proxy that says, by the PROXY protocol, who its client is."""
import ipaddress
import re
import socket
import ssl
import struct

import pytest

import serving

HOST = 'www.example.com'
SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'


def version1(client):
    family = 'TCP6' if ':' in client else 'TCP4'
    server = '2001:db8::2' if ':' in client else '198.51.100.2'
    return f'PROXY {family} {client} {server} 4711 443\r\n'.encode()


def version2(client, extra=b''):
    address = ipaddress.ip_address(client)
    family = 0x11 if address.version == 4 else 0x21
    body = address.packed * 2 + struct.pack('>HH', 4711, 443) + extra
    return SIGNATURE + struct.pack('>BBH', 0x21, family, len(body)) + body


@pytest.fixture
def proxied(store, server, ports):
    """A server with one site behind a proxy; (server, port, root). Its proof of service passed."""
    port, = ports(1)
    running = server('--net-processes', '1', '--per-client', '2')
    serving.bind(store, port, HOST, '--proxy-protocol')
    return running, port, serving.root(store)


def connect(port, header, pause=None):
    plain = socket.create_connection(('127.0.0.1', port), timeout=10)
    if pause:
        plain.sendall(header[:pause])
        header = header[pause:]
    plain.sendall(header)
    return plain


def fetch(port, root, header, pause=None):
    context = ssl.create_default_context(cafile=str(root))
    with connect(port, header, pause) as plain:
        with context.wrap_socket(plain, server_hostname=HOST) as secured:
            secured.sendall(f'GET / HTTP/1.0\r\nHost: {HOST}\r\n\r\n'.encode())
            answer = b''
            while part := secured.recv(65536):
                answer += part
    return answer


@pytest.mark.parametrize('header, client', [
    (version1('192.0.2.1'), '192.0.2.1:4711'),
    (version1('2001:db8::1'), '[2001:db8::1]:4711'),
    (version2('192.0.2.1'), '192.0.2.1:4711'),
    (version2('2001:db8::1', b'\x04\x00\x03abc'), '[2001:db8::1]:4711'),
    (b'PROXY UNKNOWN\r\n', '127.0.0.1:'),
    (SIGNATURE + b'\x20\0\0\0', '127.0.0.1:'),
])
def test_the_client_is_the_one_that_the_proxy_names(proxied, header, client):
    running, port, root = proxied
    for pause in (None, 5, len(header) - 1):
        assert fetch(port, root, header, pause).startswith(b'HTTP/1.1 200')
    running.wait_log(rf'Z {re.escape(client)}\d* GET / 200 ')


def test_limits_hold_for_the_client_and_not_for_the_proxy(proxied):
    running, port, root = proxied
    held = [connect(port, version1('192.0.2.9') + b'\x16') for _ in range(2)]
    running.wait_log('ready')
    with connect(port, version1('192.0.2.9') + b'\x16') as third:
        assert third.recv(1) == b''
    running.wait_log(r'connection-refused client=192\.0\.2\.9:4711 .*one address may have')
    assert fetch(port, root, version1('192.0.2.10')).startswith(b'HTTP/1.1 200')
    for one in held:
        one.close()


@pytest.mark.parametrize('bytes_', [
    b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\x00',
    b'PROXY TCP4 192.0.2.1\r\n', SIGNATURE + b'\x31\x11\0\0'])
def test_what_does_not_begin_with_the_header_is_refused(proxied, bytes_):
    running, port, _ = proxied
    with connect(port, bytes_) as plain:
        try:
            assert plain.recv(100) == b''
        except ConnectionResetError:
            pass
    running.wait_log(r'handshake-failed .*code=net\.proxy\.header '
                     r'reason="the connection does not begin with a PROXY header"')


def test_plain_http_has_it_too(store, server, ports):
    port, = ports(1)
    running = server()
    store.run('bind', 'add', serving.site(store, 'www'), f'http://127.0.0.1:{port}',
              '--proxy-protocol')
    with connect(port, version2('192.0.2.7') + b'GET / HTTP/1.0\r\n\r\n') as plain:
        assert plain.recv(4096).startswith(b'HTTP/1.1 200')
    running.wait_log(r'Z 192\.0\.2\.7:4711 GET / 200 ')


def test_the_bindings_of_a_port_agree(store, ports):
    port, = ports(1)
    url = serving.bind(store, port, HOST, '--proxy-protocol')
    assert store.json('bind', 'list')['bindings'][0]['is_proxied'] is True
    other = serving.certificate(store, 'shop.example.com')
    serving.site(store, 'shop')
    store.fails(3, 'ops.bind.proxy', 'bind', 'add', 'shop', url, '--host', 'shop.example.com',
                '--cert', other)
    store.run('bind', 'add', 'shop', url, '--host', 'shop.example.com', '--cert', other,
              '--proxy-protocol')


def test_networks_that_are_none_are_refused(padlock):
    for text in ('x', '192.0.2.1/24', '192.0.2.0/33', '2001:db8::/129', '192.0.2.0/'):
        padlock.fails(2, 'cli.option.value', 'serve', '--proxy-from', text)


def test_the_header_can_be_switched_for_all_that_is_bound_there(proxied, store):
    running, port, root = proxied
    serving.bind(store, port, 'two.example.com', '--proxy-protocol')
    first = store.json('bind', 'list', '--host', HOST)['bindings'][0]['id']
    store.run('bind', 'set', first, '--proxy-protocol', 'no')
    assert [one['is_proxied'] for one in store.json('bind', 'list')['bindings']] == [False, False]
    assert b'200 OK' in fetch(port, root, b'')
    store.run('bind', 'set', first, '--proxy-protocol', 'yes')
    assert b'200 OK' in fetch(port, root, version1('192.0.2.1'))
    assert [one['is_proxied'] for one in store.json('bind', 'list')['bindings']] == [True, True]
    assert running.log
