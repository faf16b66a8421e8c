"""The frame itself: its clients tell a trusted server from one that is not."""
import contextlib
import http.server
import os
import signal
import ssl
import sys
import threading

import pytest

import clients
from program import Padlock, Server, free_ports


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """A root and a server certificate for localhost and shop.example, made by openssl."""
    folder = tmp_path_factory.mktemp('root')
    for name in ('root', 'other'):
        clients.run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:P-256', '-nodes', '-keyout', folder / f'{name}.key',
                    '-out', folder / f'{name}.pem', '-days', '30', '-subj', f'/CN=Frame {name}')
    clients.run('openssl', 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-keyout', folder / 'leaf.key', '-out', folder / 'leaf.csr', '-subj', '/CN=localhost')
    (folder / 'leaf.ext').write_text('subjectAltName=DNS:localhost,DNS:shop.example\n'
                                     'extendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n',
                                     encoding='ascii')
    clients.run('openssl', 'x509', '-req', '-in', folder / 'leaf.csr', '-CA', folder / 'root.pem',
                '-CAkey', folder / 'root.key', '-days', '20', '-extfile', folder / 'leaf.ext',
                '-out', folder / 'leaf.pem')
    return folder


@contextlib.contextmanager
def https_server(folder):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header('Content-Type', 'text/html')
            self.end_headers()
            self.wfile.write(b'<!doctype html><title>frame</title><p>served by the frame</p>')

        def log_message(self, *_):
            pass
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / 'leaf.pem', folder / 'leaf.key')
    listener = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Page)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    try:
        yield listener.server_address[1]
    finally:
        listener.shutdown()


def test_the_browser_shows_a_page_of_a_trusted_root_alone(root, tmp_path):
    with https_server(root) as port:
        with clients.browser(tmp_path / 'trusting', root / 'root.pem',
                             {'shop.example': '127.0.0.1'}) as browser:
            assert browser.open(f'https://localhost:{port}/') is None
            assert browser.text == 'served by the frame'
            assert browser.open(f'https://shop.example:{port}/') is None
            assert browser.open(f'https://127.0.0.1:{port}/') == 'ERR_CERT_COMMON_NAME_INVALID'
        with clients.browser(tmp_path / 'strict') as browser:
            assert browser.open(f'https://localhost:{port}/') == 'ERR_CERT_AUTHORITY_INVALID'


def test_command_line_clients_verify_root_and_name(root):
    with https_server(root) as port:
        page = clients.curl(f'https://localhost:{port}/', root / 'root.pem')
        assert 'served by the frame' in page
        page = clients.curl(f'https://shop.example:{port}/', root / 'root.pem',
                            *clients.resolve('shop.example', port))
        assert 'served by the frame' in page
        refused = clients.curl(f'https://localhost:{port}/', root / 'other.pem', check=False)
        assert 'unable to get local issuer' in refused
        refused = clients.curl(f'https://127.0.0.1:{port}/', root / 'root.pem', check=False)
        assert 'does not match' in refused or 'no alternative' in refused
        assert 'Verification: OK' in clients.s_client(port, root / 'root.pem', 'shop.example')
        wrong = clients.s_client(port, root / 'root.pem', 'other.example', check=False)
        assert 'hostname mismatch' in wrong.lower()
        assert 'The certificate is trusted' in clients.gnutls(port, root / 'root.pem', 'shop.example')
        assert 'NOT trusted' in clients.gnutls(port, root / 'root.pem', 'other.example', check=False)
        chain = clients.served_chain(port, 'shop.example')
        assert chain == [clients.run('openssl', 'x509', '-in', root / 'leaf.pem')]


SCRIPT = '''#!{python}
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit({code}))
if '--leave-child' in sys.argv and os.fork() == 0:
    time.sleep(60)
print('ready', flush=True)
print('{said}', flush=True)
time.sleep(60)
'''


def start(folder, *arguments, code=0, said='nothing'):
    program = folder / 'program'
    program.write_text(SCRIPT.format(python=sys.executable, code=code, said=said), encoding='utf-8')
    program.chmod(0o755)
    server = Server(Padlock(program, folder), *arguments)
    server.wait_ready()
    server.wait_log(said)
    return server


def test_a_server_is_stopped_cleanly(tmp_path):
    server = start(tmp_path)
    server.stop()
    assert server.process.returncode == 0


def test_a_server_that_fails_at_its_end_fails_the_test(tmp_path):
    with pytest.raises(AssertionError, match='exit 3'):
        start(tmp_path, code=3).stop()


def test_a_sanitizers_report_fails_the_test(tmp_path):
    with pytest.raises(AssertionError, match='AddressSanitizer'):
        start(tmp_path, said='==1==ERROR: AddressSanitizer: heap-use-after-free').stop()


def test_a_process_that_is_left_behind_fails_the_test(tmp_path):
    server = start(tmp_path, '--leave-child')
    children = server.children()
    assert len(children) == 1
    server.grace_seconds = 0.3
    with pytest.raises(AssertionError, match='left behind'):
        server.stop()
    os.kill(children[0], signal.SIGKILL)


def test_free_ports_are_different():
    ports = free_ports(20)
    assert len(set(ports)) == 20
