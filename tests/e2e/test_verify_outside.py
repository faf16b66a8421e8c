"""verify goes out by its process "probe" alone, and what is out there does it no harm."""
import contextlib
import http.server
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

import clients
import foreign
import peers
import plain_then_tls
import serving

HOST = 'www.example.com'


@pytest.fixture
def authority(tmp_path):
    return foreign.Authority(tmp_path / 'authority')


def certificate(authority, folder, extra='', name='leaf'):
    key = foreign.key(folder / f'{name}.key')
    foreign.csr(folder / f'{name}.csr', key, '/CN=x')
    return authority.sign(folder / f'{name}.csr', folder / f'{name}.pem', f'DNS:{HOST}', extra=extra)


def der(file, kind='x509'):
    return subprocess.run(['openssl', kind, '-in', file, '-outform', 'DER'], check=True, stdout=subprocess.PIPE).stdout


@contextlib.contextmanager
def server(serve):
    """A server that does whatever serve(connection) does, for each connection; its port."""
    listener = socket.create_server(('127.0.0.1', 0))

    def one(connection):
        with connection, contextlib.suppress(OSError):
            serve(connection)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextlib.contextmanager
def web(pages):
    """http on loopback: {path: bytes, or (status, {header: value})}; its port, and the paths that were asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            asked.append(self.path)
            self.rfile.read(int(self.headers.get('Content-Length', 0)))
            page = pages.get(self.path, (404, {}))
            status, headers, body = (200, {}, page) if isinstance(page, bytes) else (*page, b'')
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        do_GET = do_POST = answer

        def log_message(self, *_):
            pass
    httpd = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    try:
        yield httpd.server_address[1], asked
    finally:
        httpd.shutdown()
        httpd.server_close()


# --- who connects -----------------------------------------------------------------------------------

INTERNET = re.compile(r'^(\d+) +(?:connect\(.*AF_INET6?|socket\(AF_INET6?|sendto\(.*AF_INET6?)')


def traced(padlock, *arguments, others='probe'):
    """A command under strace, that starts these other processes: who touched the network, and the command's own id."""
    said = padlock.folder / 'strace'
    run = subprocess.run(
        ['strace', '-f', '-qq', '-e', 'trace=%process,socket,connect,sendto', '-e', 'signal=none', '-o', said,
         *padlock.command('--json', *arguments)], env=padlock.environment, cwd=padlock.folder, check=False,
        capture_output=True, timeout=100)
    assert run.returncode in (0, 1, 5), run
    lines = said.read_text(encoding='utf-8', errors='replace').splitlines()
    own = lines[0].split()[0]
    started = [line for line in lines if ' execve(' in line]
    assert own == started[0].split()[0]
    for line in started[1:]:
        assert re.search(rf'"@({others})"', line) and line.split()[0] != own, line
    # Only then is a line with the command's id all that it does.
    assert not [line for line in lines if line.startswith(own + ' ') and 'CLONE_THREAD' in line]
    return {found.group(1) for found in map(INTERNET.match, lines) if found}, own


@pytest.mark.plain
def test_only_probe_connects(padlock, tmp_path, authority):
    clients.run('openssl', 'ca', '-config', authority.folder / 'ca.cnf', '-cert', authority.certificate, '-keyfile',
                authority.key, '-gencrl', '-crldays', '30', '-out', tmp_path / 'list.pem')
    with web({'/list': der(tmp_path / 'list.pem', 'crl')}) as (port, asked):
        leaf = certificate(authority, tmp_path, f'crlDistributionPoints=URI:http://127.0.0.1:{port}/list\n'
                                                f'authorityInfoAccess=OCSP;URI:http://localhost:{port}/ocsp\n')
        with peers.s_server(leaf) as tls:
            everything = ('--host', HOST, '--trust', authority.certificate, '--fetch', '--timeout', '5s')
            who, own = traced(padlock, 'verify', f'localhost:{tls}', *everything)
            assert who and own not in who and asked == ['/ocsp', '/list']
        who, own = traced(padlock, 'verify', leaf, *everything)
        assert who and own not in who
        who, own = traced(padlock, 'verify', leaf, '--host', HOST, '--dane', '--dns-server', f'127.0.0.1@{port}',
                          '--timeout', '1s')
        assert who and own not in who


@pytest.mark.plain
def test_a_binding_that_is_planned(store):
    """Nothing goes out for it at all."""
    port = peers.free_ports(1)[0]
    name = serving.certificate(store, HOST)
    who, _ = traced(store, 'bind', 'check', serving.site(store, 'shop'), f'https://127.0.0.1:{port}', '--host', HOST,
                    '--cert', name, others='keys')
    assert not who


def children(process):
    return [int(child) for child in pathlib.Path(f'/proc/{process}/task/{process}/children').read_text(
        encoding='ascii').split()]


@pytest.mark.plain
def test_probe_dies(padlock):
    """And one that does not answer any more: the command ends by itself."""
    for sent, code in ((signal.SIGKILL, 'ipc.broken'), (signal.SIGSTOP, 'ipc.timeout')):
        heard = threading.Event()

        def be_silent(connection, heard=heard):
            heard.set()
            connection.recv(1 << 16)
            time.sleep(60)
        with server(be_silent) as port:
            command = subprocess.Popen(
                padlock.command('--json', 'verify', f'127.0.0.1:{port}', '--timeout', '3s' if sent == signal.SIGSTOP else '50s'),
                env=padlock.environment, stdout=subprocess.PIPE)
            assert heard.wait(20)
            probes = children(command.pid)
            assert len(probes) == 1
            os.kill(probes[0], sent)
            out, _ = command.communicate(timeout=50)
            assert command.returncode in (1, 4, 5) and f'"code": "{code}"' in out.decode(), out
            assert not pathlib.Path(f'/proc/{probes[0]}').exists()


# --- servers that mean harm -------------------------------------------------------------------------

def drip(connection):
    for byte in b'\x16\x03\x03\x40\x00\x02' + bytes(1000):
        connection.sendall(bytes([byte]))
        time.sleep(0.1)


def flood(connection):
    while True:
        connection.sendall(b'\x17\x03\x03\x40\x00' + os.urandom(0x4000))


HOSTILE = {
    'garbage': (lambda connection: connection.sendall(b'\xff\xfe' * 4000), 'tls.look.handshake'),
    'flood': (flood, 'tls.look.handshake'),
    'nothing': (lambda connection: None, 'tls.look.handshake'),
    'a line of mail': (lambda connection: connection.sendall(b'220 \x1b[2Jhello\r\n' * 9), 'tls.look.handshake'),
    'a drip': (drip, 'tls.look.timeout'),
    'silence': (lambda connection: time.sleep(30), 'tls.look.timeout'),
}


@pytest.mark.parametrize('what', HOSTILE)
def test_a_hostile_server(padlock, what):
    serve, code = HOSTILE[what]
    with server(serve) as port:
        began = time.monotonic()
        said = padlock.attempt('--json', 'verify', f'127.0.0.1:{port}', '--timeout', '2s')
        assert said.json['code'] == code and said.code != 0 and time.monotonic() - began < 40


def test_very_many_certificates(padlock, tmp_path, authority):
    """As many as are looked at are; beyond what TLS libraries take, the handshake fails."""
    leaf = certificate(authority, tmp_path)
    own, root = (file.read_text(encoding='ascii') for file in (leaf, authority.certificate))
    for count, code in ((120, None), (400, 'tls.look.handshake')):
        leaf.write_text(own + root * count, encoding='ascii')
        with peers.s_server_with_chain(leaf) as port:
            said = padlock.attempt('--json', 'verify', f'127.0.0.1:{port}', '--host', HOST, '--trust', authority.certificate)
        assert said.json.get('code') == code
        assert code is not None or said.json['outcome'] != 'fail'


def broken(kind):
    def serve(connection):
        connection.recv(1 << 16)
        if kind == 'endless body':
            connection.sendall(b'HTTP/1.0 200 OK\r\n\r\n')
            while True:
                connection.sendall(bytes(1 << 16))
        if kind == 'endless head':
            connection.sendall(b'HTTP/1.0 200 OK\r\n')
            while True:
                connection.sendall(b'X-Nothing: ' + b'a' * 1000 + b'\r\n')
        if kind == 'slow body':
            connection.sendall(b'HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n')
            while True:
                connection.sendall(b'a')
                time.sleep(0.1)
        if kind == 'a lie':
            connection.sendall(b'HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc')
        if kind == 'empty':
            connection.sendall(b'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n')
        if kind == 'garbage':
            connection.sendall(b'HTTP/1.0 200 OK\r\n\r\n' + os.urandom(5000))
        if kind == 'terminal':
            connection.sendall(b'\x1b]0;owned\x07' * 100)
    return serve


KINDS = ['endless body', 'endless head', 'slow body', 'a lie', 'empty', 'garbage', 'terminal']


@pytest.mark.parametrize('kind', KINDS)
def test_a_hostile_address(padlock, tmp_path, authority, kind):
    """The issuer, the responder and the list: each is told, and the verdict is that without them."""
    with server(broken(kind)) as port:
        issuer = certificate(authority, tmp_path, f'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n', name='issuing')
        (tmp_path / 'below').mkdir()
        below = foreign.Authority(tmp_path / 'below/authority')
        below.certificate, below.key = issuer, tmp_path / 'issuing.key'
        known = certificate(authority, tmp_path, f'crlDistributionPoints=URI:http://127.0.0.1:{port}/\n'
                                                 f'authorityInfoAccess=OCSP;URI:http://127.0.0.1:{port}/\n')
        lone = certificate(below, tmp_path, f'authorityInfoAccess=caIssuers;URI:http://127.0.0.1:{port}/\n', name='lone')
        options = ('--host', HOST, '--trust', authority.certificate, '--fetch', '--timeout', '2s')
        text = padlock.attempt('verify', known, *options)
        said = padlock.attempt('--json', 'verify', known, *options)
        assert said.code == 0 and text.code == 0 and len(said.json['fetches']) == 2, said
        assert not any(line.startswith('fetched') for line in said.json['fetches'])
        assert '\x1b' not in text.out and '\x07' not in text.out
        said = padlock.attempt('--json', 'verify', lone, *options)
        assert said.code == 1 and len(said.json['fetches']) == 1 and 'fetched' not in said.json['fetches'][0]


# --- more than one address --------------------------------------------------------------------------

def test_the_next_address(padlock, tmp_path, authority):
    """One that is dead, one that leads round in a circle, one that has something else, then the right one."""
    clients.run('openssl', 'ca', '-config', authority.folder / 'ca.cnf', '-cert', authority.certificate, '-keyfile',
                authority.key, '-gencrl', '-crldays', '30', '-out', tmp_path / 'list.pem')
    pages = {'/list': der(tmp_path / 'list.pem', 'crl'), '/other': b'nothing', '/round': (302, {'Location': '/round'})}
    with web(pages) as (port, asked):
        pages['/round'] = (302, {'Location': f'http://127.0.0.1:{port}/round'})
        at = f'URI:http://127.0.0.1:{port}'
        dead = f'URI:http://127.0.0.1:{peers.free_ports(1)[0]}'
        issuing = certificate(authority, tmp_path, 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n',
                              name='issuing')
        pages['/issuer'] = der(issuing)
        (tmp_path / 'below').mkdir()
        below = foreign.Authority(tmp_path / 'below/authority')
        below.certificate, below.key = issuing, tmp_path / 'issuing.key'
        leaf = certificate(below, tmp_path, f'authorityInfoAccess=caIssuers;{dead}/issuer,caIssuers;{at}/other,caIssuers;{at}/issuer\n')
        options = ('--host', HOST, '--trust', authority.certificate, '--fetch')
        said = padlock.json('verify', leaf, *options)
        assert said['outcome'] != 'fail' and asked == ['/other', '/issuer']
        assert [line.split()[0] for line in said['fetches']] == ['cannot', 'what', 'fetched']
        asked.clear()
        leaf = certificate(authority, tmp_path, f'crlDistributionPoints={at}/round,{dead}/list,{at}/other,{at}/list\n')
        said = padlock.json('verify', leaf, *options)
        assert [panel['outcome'] for panel in said['panels'] if panel['panel'] == 'revocation'] == ['pass']
        assert asked == ['/round'] * 4 + ['/other', '/list'] and said['fetches'][-1].startswith('fetched the revocation list')
        # Not more than four, however many there are.
        asked.clear()
        leaf = certificate(authority, tmp_path, f'authorityInfoAccess={",".join(f"OCSP;{at}/{n}" for n in range(9))}\n')
        assert padlock.run('verify', leaf, *options).code == 0
        assert asked == [f'/{n}' for n in range(4)]


# --- STARTTLS ---------------------------------------------------------------------------------------

@pytest.mark.parametrize('protocol', plain_then_tls.DIALOGUES)
def test_starttls(padlock, tmp_path, authority, protocol):
    leaf = certificate(authority, tmp_path)
    ask = ('--starttls', protocol, '--host', HOST, '--trust', authority.certificate)
    with plain_then_tls.serving(protocol, leaf) as port:
        said = padlock.json('verify', f'127.0.0.1:{port}', *ask)
    assert said['outcome'] != 'fail'
    with plain_then_tls.serving(protocol, leaf, says_yes=False) as port:
        said = padlock.attempt('--json', 'verify', f'127.0.0.1:{port}', *ask)
    assert said.json['code'] == 'inspect.starttls' and said.code == 1


def test_starttls_with_something_before_it(padlock, tmp_path, authority):
    """Whoever sits on the way could have put it there: it is not taken for TLS."""
    leaf = certificate(authority, tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf, leaf.with_suffix('.key'))

    def serve(connection):
        connection.sendall(b'* OK ready\r\n')
        connection.recv(100)
        connection.sendall(b'a OK begin\r\n* BYE injected\r\n')
        with contextlib.suppress(OSError):
            context.wrap_socket(connection, server_side=True).recv(1)
    with server(serve) as port:
        said = padlock.attempt('--json', 'verify', f'127.0.0.1:{port}', '--starttls', 'imap', '--host', HOST)
    assert said.json['code'] == 'inspect.starttls' and 'before TLS begins' in str(said.json)


def test_starttls_says_nothing(padlock):
    with server(lambda connection: connection.recv(100) and time.sleep(30)) as port:
        padlock.fails(1, 'inspect.starttls', 'verify', f'127.0.0.1:{port}', '--starttls', 'smtp', '--timeout', '1s')
    padlock.fails(2, 'cli.option.value', 'verify', '127.0.0.1', '--starttls', 'gopher')


# --- what changed since a revocation list -----------------------------------------------------------

def revocation_list(authority, file, *extensions):
    """Of what is revoked by now."""
    config = authority.folder / 'list.cnf'
    config.write_text((authority.folder / 'ca.cnf').read_text(encoding='ascii') + '\n[x]\n' + '\n'.join(extensions) + '\n',
                      encoding='ascii')
    clients.run('openssl', 'ca', '-config', config, '-crlexts', 'x', '-cert', authority.certificate, '-keyfile', authority.key,
                '-gencrl', '-crldays', '30', '-out', file)
    return file


def test_a_delta_list(padlock, tmp_path, authority):
    """Where a certificate names one it is fetched as well; of no use without the list that it goes on from."""
    def number(value):
        return f'2.5.29.20=DER:0201{value:02x}'

    def delta_of(value):
        return f'2.5.29.27=critical,DER:0201{value:02x}'
    pages = {}
    with web(pages) as (port, asked):
        at = f'URI:http://127.0.0.1:{port}'
        leaf = certificate(authority, tmp_path, f'crlDistributionPoints={at}/list\nfreshestCRL={at}/gone,{at}/delta\n')
        base = revocation_list(authority, tmp_path / 'base.pem', number(5))
        clean = revocation_list(authority, tmp_path / 'clean.pem', number(6), delta_of(5))
        clients.run('openssl', 'ca', '-config', authority.folder / 'ca.cnf', '-cert', authority.certificate, '-keyfile',
                    authority.key, '-revoke', leaf, '-crl_reason', 'keyCompromise')
        delta = revocation_list(authority, tmp_path / 'delta.pem', number(7), delta_of(5))
        later = revocation_list(authority, tmp_path / 'later.pem', number(9), delta_of(8))

        def said(*options):
            document = padlock.attempt('--json', 'verify', leaf, '--host', HOST, '--trust', authority.certificate, *options).json
            panel = document['panels'][-1]
            assert panel['panel'] == 'revocation'
            return panel['outcome'], panel['sentence']
        lists = [('--crl', file) for file in (base, clean, delta, later)]
        assert said(*lists[0]) == ('pass', said(*lists[0])[1]) and 'delta list that is not at hand' in said(*lists[0])[1]
        assert said(*lists[0], *lists[1])[0] == 'pass' and 'what its delta list' in said(*lists[0], *lists[1])[1]
        assert said(*lists[0], *lists[1], *lists[2])[0] == 'fail' and said(*lists[2], *lists[0])[0] == 'fail'
        assert said(*lists[2])[0] == 'unknown'
        assert said(*lists[0], *lists[3])[0] == 'pass'  # it goes on from a newer list than this one
        pages.update({'/list': der(base, 'crl'), '/delta': der(delta, 'crl')})
        assert said('--fetch')[0] == 'fail' and asked == ['/list', '/gone', '/delta']
        pages['/delta'] = der(clean, 'crl')
        assert said('--fetch')[0] == 'pass'


# A network in which nobody answers who 10.9.9.2 is: the kernel says "no route" after three seconds.
NOBODY = '''
ip link set lo up && ip link add here type veth peer name there && ip address add 10.9.9.1/24 dev here &&
ip link set here up && ip link set there up && exec unshare --user --map-user=1000 --map-group=1000 "$@"'''


def test_a_host_that_is_not_there(padlock):
    """It is told as such, and only a server that refuses at once gets more than one chance."""
    user = [] if os.geteuid() == 0 else ['--map-root-user']
    begun = time.monotonic()
    done = subprocess.run(['unshare', '--net', *user, 'sh', '-c', NOBODY, 'sh', padlock.binary, 'verify', '10.9.9.2', '--timeout', '20s'],
                          env=padlock.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100, check=False)
    text = done.stdout.decode('utf-8', 'replace')
    assert 'tls.look.connect' in text and 'cannot connect to 10.9.9.2 port 443' in text, text
    assert time.monotonic() - begun < 20
