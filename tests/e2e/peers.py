"""Servers of others that TLS is looked at with: OpenSSL's, nginx, Node.js of 2012 to 2015."""
import contextlib
import os
import pathlib
import socket
import subprocess
import time

import pytest

from program import free_ports


def wait_open(port, process, seconds=20):
    """Until the port takes connections."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection(('127.0.0.1', port), timeout=1).close()
            return
        assert process.poll() is None, process.stdout.read().decode('utf-8', 'replace')
        time.sleep(0.05)
    raise AssertionError(f'nothing listens at {port}')


@contextlib.contextmanager
def running(command, port, **options):
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    try:
        wait_open(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def newer_openssl():
    """Debian 13's openssl as a command; the test is skipped where tools/fetch_servers could not bring it."""
    place = PROGRAMS / 'openssl/usr'
    for folder in sorted(place.glob('lib/*-linux-gnu*')):
        loader = next(iter(sorted(folder.glob('ld-linux*.so.*'))), None)
        if loader is not None:
            return [loader, '--library-path', folder, place / 'bin/openssl']
    pytest.skip('tools/fetch_servers could not bring openssl')


@contextlib.contextmanager
def s_server(certificate, *options, openssl=('openssl',)):
    """OpenSSL's server with a certificate (its key beside it); its port."""
    port = free_ports(1)[0]
    command = [*openssl, 's_server', '-accept', f'127.0.0.1:{port}', '-quiet', '-www', '-cert', certificate,
               '-key', certificate.with_suffix('.key'), *options]
    with running(command, port):
        yield port


@contextlib.contextmanager
def s_server_with_chain(certificate, *options):
    """The same, with all certificates of the file."""
    with s_server(certificate, '-cert_chain', certificate, *options) as port:
        yield port


NGINX = '''
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate}; ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:c:1m;
        {more}
        location / {{ return 200 "hello\\n"; }}
    }}
}}
'''


@contextlib.contextmanager
def nginx(folder, certificate, more=''):
    """nginx with a certificate (its key beside it); its port."""
    port = free_ports(1)[0]
    folder.mkdir(exist_ok=True)
    (folder / 'nginx.conf').write_text(NGINX.format(
        folder=folder, port=port, certificate=certificate, key=certificate.with_suffix('.key'),
        more=more), encoding='ascii')
    with running(['nginx', '-e', folder / 'start.log', '-c', folder / 'nginx.conf'], port):
        yield port


PROGRAMS = pathlib.Path(os.environ.get('PADLOCK_CACHE') or pathlib.Path(
    os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache') / 'padlock') / 'programs'


def foreign_program(package, path):
    """A program of a package that tools/fetch_servers unpacked, or that is installed; else the test is skipped."""
    for place in (PROGRAMS / 'servers', pathlib.Path('/')):
        if (place / path).exists():
            return place / path
    pytest.skip(f'tools/fetch_servers could not bring {package}')


def foreign_libraries():
    """What programs of foreign_program() need that is not installed."""
    place = PROGRAMS / 'servers/usr/lib'
    return dict(os.environ, LD_LIBRARY_PATH=':'.join(str(folder) for folder in sorted(place.glob('*-linux-gnu*'))))


@contextlib.contextmanager
def old_node(version, certificate, method='', ciphers=''):
    """Node.js of its time with a certificate (its key beside it); its port. Loopback alone."""
    port = free_ports(1)[0]
    program = PROGRAMS / f'node-{version}' / 'node'
    if not program.exists():
        pytest.skip('tools/fetch_old_node could not bring it')
    with running([program, pathlib.Path(__file__).with_name('old_node.js'), port, certificate,
                  certificate.with_suffix('.key'), method, ciphers], port):
        yield port


@contextlib.contextmanager
def old_tls_js(certificate):
    """tls.js of 2014 on Node.js of 2015, with a certificate (its key beside it); its port. Loopback alone."""
    port = free_ports(1)[0]
    program, packages = PROGRAMS / 'node-4.0.0' / 'node', PROGRAMS / 'tls.js/node_modules'
    if not program.exists() or not packages.exists():
        pytest.skip('tools/fetch_old_node could not bring it')
    with running([program, pathlib.Path(__file__).with_name('old_tls_js.js'), packages, port, certificate,
                  certificate.with_suffix('.key')], port):
        yield port
