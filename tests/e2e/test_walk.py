"""The README's ten commands, as a new user would type them, and what real clients say of the result."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get('PADLOCK', str(TOP / 'build/src/padlock'))


class Walk:
    """One data directory and the commands on it."""

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / 'data'
        self.env = dict(os.environ, HOME=str(folder), NO_COLOR='1')

    def run(self, *words, code=0, stdin=None):
        done = subprocess.run([BINARY, '--data', str(self.data), *map(str, words)], cwd=self.folder, env=self.env,
                              input=stdin, capture_output=True, timeout=60, check=False)
        assert done.returncode == code, f'{words}: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}'
        return done.stdout.decode()

    def json(self, *words, code=0):
        return json.loads(self.run(*words, '--json', code=code))


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


@pytest.fixture
def walk(tmp_path):
    one = Walk(tmp_path)
    one.run('init', '--ca-name', 'Example', '--base-url', 'http://pki.example.com:8080')
    return one


def install(walk, name, *options):
    """request → submit → approve → fetch → install, as the README prints them."""
    walk.run('request', 'new', name, '--out', 'www.csr', '--force', *options)
    walk.run('ca', 'submit', 'www.csr')
    walk.run('ca', 'approve', name)
    walk.run('ca', 'fetch', name, '--format', 'p7b', '--out', 'www.p7b', '--force')
    walk.run('cert', 'install', 'www.p7b', '--name', 'Shop 2026')


@pytest.fixture
def server(walk):
    """The whole way to a bound site; the server runs until the test ends."""
    root = walk.folder / 'site'
    root.mkdir()
    (root / 'index.html').write_text('<h1>shop</h1>')
    install(walk, 'www.example.com', '--org', 'Example Inc.', '--city', 'Redmond', '--state', 'Washington',
            '--country', 'US')
    walk.port = free_port()
    walk.run('site', 'add', 'shop', '--root', root)
    walk.run('bind', 'add', 'shop', f'https://127.0.0.1:{walk.port}', '--host', 'www.example.com', '--cert', 'Shop 2026')
    (walk.folder / 'root.pem').write_text(walk.run('ca', 'root'))
    reading, writing = os.pipe()
    log = open(walk.folder / 'serve.log', 'wb')
    process = subprocess.Popen([BINARY, '--data', str(walk.data), 'serve', '--ready-fd', str(writing)],
                               pass_fds=[writing], env=walk.env, stdout=log, stderr=log)
    os.close(writing)
    assert os.read(reading, 1) == b'1', (walk.folder / 'serve.log').read_text()
    walk.process = process
    yield walk
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0, (walk.folder / 'serve.log').read_text()


def curl(walk, host, path='/', code=0, port=None):
    port = port or walk.port
    done = subprocess.run(['curl', '--silent', '--show-error', '--max-time', '10', '--cacert', 'root.pem', '--capath', '/nonexistent',
                           '--resolve', f'{host}:{port}:127.0.0.1', f'https://{host}:{port}{path}'],
                          cwd=walk.folder, capture_output=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout.decode()


def test_the_site_is_served_and_verified(server):
    assert curl(server, 'www.example.com') == '<h1>shop</h1>'
    verdict = server.json('verify', f'127.0.0.1:{server.port}', '--host', 'www.example.com', '--trust', 'root.pem')
    assert verdict['outcome'] == 'pass'
    assert [check['outcome'] for check in verdict['checks'][:4]] == ['pass'] * 4
    assert verdict['version'] == 'TLSv1.3'


def test_another_name_is_told(server):
    verdict = server.json('verify', f'127.0.0.1:{server.port}', '--host', 'other.example.com', '--trust', 'root.pem', code=1)
    assert {check['check']: check['outcome'] for check in verdict['checks']}['name'] == 'fail'


def test_without_the_root_it_is_not_trusted(server):
    (server.folder / 'root.pem').write_text(pathlib.Path('/etc/ssl/certs/ca-certificates.crt').read_text())
    curl(server, 'www.example.com', code=60)


def test_both_versions_and_openssl(server):
    for version in ('-tls1_2', '-tls1_3'):
        done = subprocess.run(['openssl', 's_client', '-connect', f'127.0.0.1:{server.port}', '-servername', 'www.example.com',
                               '-verify_return_error', '-verify_hostname', 'www.example.com', '-CAfile', 'root.pem', version],
                              cwd=server.folder, input=b'', capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert b'Verify return code: 0 (ok)' in done.stdout


def test_a_change_is_served_within_a_second(server):
    server.run('request', 'new', 'new.example.com', '--out', 'new.csr')
    server.run('ca', 'issue', 'new.csr')
    server.run('ca', 'fetch', 'new.example.com', '--out', 'new.pem')
    server.run('cert', 'install', 'new.pem')
    server.run('bind', 'add', 'shop', f'https://127.0.0.1:{server.port}', '--host', 'new.example.com', '--cert', 'new.example.com')
    time.sleep(1)
    assert curl(server, 'new.example.com') == '<h1>shop</h1>'
    assert server.process.poll() is None


def test_undo_takes_a_binding_back(server):
    server.run('bind', 'remove', f'https://127.0.0.1:{server.port}')
    assert server.json('bind', 'list')['bindings'] == []
    server.run('undo')
    assert len(server.json('bind', 'list')['bindings']) == 1


def test_a_bound_certificate_is_not_deleted(server):
    assert server.json('cert', 'delete', 'Shop 2026', code=3)['code'] == 'ops.cert.bound'
    server.run('cert', 'delete', 'Shop 2026', '--unbind')
    assert server.json('cert', 'list')['certificates'] == []
    server.run('undo')
    assert len(server.json('cert', 'list')['certificates']) == 1


def test_a_pfx_goes_out_and_comes_back(walk, tmp_path):
    install(walk, 'www.example.com')
    (tmp_path / 'password').write_text('correct horse\n')
    (tmp_path / 'wrong').write_text('battery staple\n')
    for reader in ('windows-2008', 'windows-2016', 'windows', 'java', 'openssl'):
        walk.run('cert', 'export', 'Shop 2026', '--format', 'pfx', '--for', reader, '--password-file', 'password', '--out', f'{reader}.pfx')
        other = Walk(tmp_path / reader)
        other.folder.mkdir()
        other.run('init', '--no-ca')
        file = tmp_path / f'{reader}.pfx'
        assert other.json('cert', 'import', file, '--password-file', tmp_path / 'wrong', code=1)['code'] == 'unpack.password'
        added = other.json('cert', 'import', file, '--password-file', tmp_path / 'password')
        assert added['has_private_key'] and added['names'] == ['www.example.com']


def test_what_cannot_be_installed_is_told(walk, tmp_path):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem',
                    '-out', 'self.pem', '-subj', '/CN=self.example.com', '-days', '3'], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / 'garbage').write_bytes(b'\x00\x01garbage')
    install(walk, 'www.example.com')
    expected = {'self.pem': 'ops.install.self_signed', 'key.pem': 'ops.install.not_certificate', 'www.csr': 'ops.install.not_certificate',
                'garbage': 'ops.install.not_certificate', 'www.p7b': 'ops.install.there'}
    for file, code in expected.items():
        answer = walk.run('cert', 'install', file, '--json', code=3 if code.endswith('there') else 1)
        assert json.loads(answer)['code'] == code, answer
    (tmp_path / 'root.pem').write_text(walk.run('ca', 'root'))
    assert walk.json('cert', 'install', 'root.pem', code=1)['code'] == 'ops.install.is_ca'


def test_texas_and_houston_are_swapped(walk):
    answer = walk.json('request', 'new', 'www.example.com', '--city', 'Texas', '--state', 'Houston', '--country', 'US', code=1)
    assert answer['code'] == 'request.field.swapped'
    assert 'Houston' in answer['hint']


def test_init_never_overwrites(walk):
    assert walk.json('init', code=3)['code'] == 'store.exists'


def test_zlint_finds_no_error(walk, tmp_path):
    zlint = pathlib.Path(os.environ.get('PADLOCK_CACHE', pathlib.Path.home() / '.cache/padlock')) / 'programs/zlint/usr/bin/zlint'
    install(walk, 'www.example.com', '--org', 'Example Inc.', '--city', 'Redmond', '--state', 'Washington', '--country', 'US')
    walk.run('ca', 'fetch', 'www.example.com', '--out', 'leaf.pem')
    report = json.loads(subprocess.run([str(zlint), str(tmp_path / 'leaf.pem')], capture_output=True, check=True).stdout)
    bad = {name: found['result'] for name, found in report.items() if found['result'] in ('error', 'fatal', 'warn')}
    allowed = {name for name in bad if bad[name] == 'warn' and ('common_name' in name or 'subject_key_identifier' in name or '_cn_' in name)}
    assert set(bad) == allowed, bad


def test_the_store_is_whole_after_kill(walk):
    """kill -9 at different moments: everything that was answered is listed, and the store is consistent."""
    answered = []
    for attempt in range(20):
        name = f'kill{attempt}.example.com'
        walk.run('request', 'new', name, '--out', 'k.csr', '--force')
        process = subprocess.Popen([BINARY, '--data', str(walk.data), 'ca', 'issue', 'k.csr', '--json'], cwd=walk.folder, env=walk.env,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(0.002 * attempt)
        process.kill()
        output = process.communicate()[0]
        if output.endswith(b'}\n'):
            answered.append(json.loads(output)['serial'])
    listed = walk.json('ca', 'issued', '--limit', '1000')['issued']
    assert set(answered) <= {one['serial'] for one in listed}
    walk.run('audit', 'verify')
    install(walk, 'after.example.com')
