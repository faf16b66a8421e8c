"""What the benchmarks share: servers that are started alike, their CPU time and memory, the load.

A figure is CPU time (user and system) of all processes of a server divided by the work that the load
client counted. Servers run on the first core that this process may use, the load on the last.
"""
import atexit
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get('BENCH_BUILD') or TOP / 'build')
PADLOCK = BUILD / 'src/padlock'
CACHE = pathlib.Path(os.environ.get('PADLOCK_CACHE') or
                     pathlib.Path(os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache') / 'padlock')
RESULTS = TOP / 'bench/results'
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '5'))
SECONDS = int(os.environ.get('BENCH_SECONDS', '2'))
CORES = sorted(os.sched_getaffinity(0))
TICK = os.sysconf('SC_CLK_TCK')
PROCESSES_MAX_FILES = 20000
START_TIMEOUT = 120
P256, RSA2048 = ('ec', 'ec_paramgen_curve:P-256'), ('rsa', 'rsa_keygen_bits:2048')


def raise_limits():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, PROCESSES_MAX_FILES)), hard))


def pinned(core, command):
    return ['taskset', '-c', str(core), *map(str, command)]


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


class Folder:
    """A temporary folder with what all servers serve: one key, one certificate, two files."""

    def __init__(self, kind=P256):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix='padlock-bench-'))
        atexit.register(shutil.rmtree, self.path, ignore_errors=True)
        self.path.chmod(0o755)
        self.root = self.path / 'root'
        self.root.mkdir()
        (self.root / '1k').write_bytes(b'x' * 1024)
        (self.root / '1m').write_bytes(b'x' * 1024 * 1024)
        self.certificate, self.key, self.both = (self.path / name for name in ('leaf.pem', 'leaf.key', 'both.pem'))
        make_certificate('localhost', self.certificate, self.key, kind)
        self.both.write_text(self.certificate.read_text() + self.key.read_text())


def make_certificate(names, certificate, key, kind=P256):
    """Self-signed, for one name or several."""
    names = [names] if isinstance(names, str) else names
    run('openssl', 'req', '-x509', '-newkey', kind[0], '-pkeyopt', kind[1], '-nodes', '-days', '90',
        '-subj', f'/CN={names[0]}', '-addext', 'subjectAltName=' + ','.join(f'DNS:{name}' for name in names),
        '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', key, '-out', certificate)


class Server:
    """One server in the foreground; its children count as its own."""
    name = ''
    has_large_body = True

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=type(self).__name__.lower(), dir=folder.path))
        self.path.chmod(0o755)

    def command(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def start(self):
        with open(self.path / 'log', 'ab') as log:
            self.process = subprocess.Popen(pinned(CORES[0], self.command()), stdout=subprocess.DEVNULL, stderr=log,
                                            stdin=subprocess.DEVNULL, env=self.environment(), cwd=self.path)
        atexit.register(self.stop)
        self.wait_for_port()
        return self

    def wait_for_port(self):
        end = time.monotonic() + START_TIMEOUT
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', self.port)) == 0:
                    return
            time.sleep(0.01)
        raise SystemExit(f'bench: {self.name} does not listen: {(self.path / "log").read_text()[-2000:]}')

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def processes(self):
        """The server's own process and all below it."""
        parents = {}
        for entry in pathlib.Path('/proc').iterdir():
            if entry.name.isdigit():
                try:
                    parents[int(entry.name)] = int((entry / 'stat').read_text().rpartition(')')[2].split()[1])
                except OSError:
                    continue
        found = {self.process.pid}
        while True:
            more = {pid for pid, parent in parents.items() if parent in found} - found
            if not more:
                return found
            found |= more

    def cpu_seconds(self):
        total = 0
        for pid in self.processes():
            fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def memory(self):
        """Bytes, each shared page divided among those that share it."""
        total = 0
        for pid in self.processes():
            for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines():
                if line.startswith('Pss:'):
                    total += int(line.split()[1]) * 1024
        return total


class Padlock(Server):
    name = 'padlock'

    def __init__(self, folder):
        super().__init__(folder)
        self.data = self.path / 'data'
        self.cli('init', '--no-ca')
        self.cli('cert', 'import', folder.both, '--name', 'leaf')
        self.cli('site', 'add', 'bench', '--root', folder.root)
        self.cli('bind', 'add', 'bench', f'https://127.0.0.1:{self.port}', '--cert', 'leaf')

    def cli(self, *words):
        return run(PADLOCK, *words, '--data', self.data)

    def command(self):
        return [PADLOCK, 'serve', '--data', self.data, '--quiet', '--net-processes', '1']

    def start_timed(self, is_pinned=True):
        """Seconds from the program's start until all listeners are open."""
        reader, writer = os.pipe()
        begun = time.monotonic()
        self.process = subprocess.Popen(
            pinned(CORES[0] if is_pinned else ','.join(map(str, CORES)),
                   [*self.command(), '--ready-fd', writer]), pass_fds=(writer,),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writer)
        if os.read(reader, 1) != b'1':
            raise SystemExit('bench: padlock does not start')
        os.close(reader)
        return time.monotonic() - begun


class Nginx(Server):
    program = 'nginx'

    def command(self):
        (self.path / 'nginx.conf').write_text(f'''
            daemon off; worker_processes 1; worker_rlimit_nofile {PROCESSES_MAX_FILES};
            pid {self.path}/pid; error_log {self.path}/error.log;
            events {{ worker_connections {PROCESSES_MAX_FILES}; }}
            http {{
                access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
                client_body_temp_path {self.path}/body; proxy_temp_path {self.path}/proxy;
                fastcgi_temp_path {self.path}/fastcgi; uwsgi_temp_path {self.path}/uwsgi; scgi_temp_path {self.path}/scgi;
                server {{
                    listen 127.0.0.1:{self.port} ssl; root {self.folder.root};
                    ssl_certificate {self.folder.certificate}; ssl_certificate_key {self.folder.key};
                    ssl_protocols TLSv1.2 TLSv1.3;
                }}
            }}''')
        return [self.program, '-p', self.path, '-c', self.path / 'nginx.conf', '-e', self.path / 'error.log']


class NginxDebian(Nginx):
    name = 'nginx 1.22'
    program = '/usr/sbin/nginx'


class NginxNew(Nginx):
    name = 'nginx 1.26'
    program = CACHE / 'nginx-1.26/sbin/nginx'


class Haproxy(Server):
    name = 'haproxy'
    has_large_body = False

    def command(self):
        (self.path / 'haproxy.cfg').write_text(f'''
global
    nbthread 1
    maxconn {PROCESSES_MAX_FILES // 3}
defaults
    mode http
    timeout client 300s
    timeout connect 5s
    timeout server 60s
frontend bench
    bind 127.0.0.1:{self.port} ssl crt {self.folder.both} alpn http/1.1
    http-request return status 200 content-type application/octet-stream file {self.folder.root}/1k
''')
        return ['/usr/sbin/haproxy', '-db', '-f', self.path / 'haproxy.cfg']


class Caddy(Server):
    name = 'caddy'

    def command(self):
        (self.path / 'Caddyfile').write_text(f'''{{
    admin off
    auto_https off
    default_bind 127.0.0.1
}}
https://localhost:{self.port} {{
    tls {self.folder.certificate} {self.folder.key}
    root * {self.folder.root}
    file_server
}}
''')
        return [CACHE / 'programs/caddy/usr/bin/caddy', 'run', '--config', self.path / 'Caddyfile', '--adapter', 'caddyfile']

    def environment(self):
        return dict(os.environ, GOMAXPROCS='1', HOME=str(self.path), XDG_DATA_HOME=str(self.path),
                    XDG_CONFIG_HOME=str(self.path))


PEERS = (NginxNew, NginxDebian, Haproxy, Caddy)


def load_command(port, *options):
    return pinned(CORES[-1], [BUILD / 'bench/load', '--server', f'127.0.0.1:{port}', *options])


def load(port, *options):
    return json.loads(run(*load_command(port, *options)))


def cpu_per_work(server, *options):
    """Microseconds of CPU for a piece of work, and the load's answer."""
    before = server.cpu_seconds()
    answer = load(server.port, '--seconds', SECONDS, *options)
    spent = server.cpu_seconds() - before
    if answer['errors'] or not answer['count']:
        raise SystemExit(f'bench: {server.name}: {answer}')
    return spent * 1e6 / answer['count'], answer


def ratio(ours, theirs):
    """The median of the rounds' own ratios: what disturbed a round disturbed both."""
    return statistics.median(a / b for a, b in zip(ours, theirs))


def save(name, row):
    """One measure's row, in the place of what it was before."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f'{name}.json'
    rows = json.loads(path.read_text()) if path.exists() else []
    known = [old.get('measure') for old in rows]
    if row['measure'] in known:
        rows[known.index(row['measure'])] = row
    else:
        rows.append(row)
    path.write_text(json.dumps(rows, indent=1) + '\n')
