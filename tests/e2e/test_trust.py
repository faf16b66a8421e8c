"""The own root in the stores of the system, of NSS and of Java: in copies of them, never in the real ones.

A mount namespace of the test's own holds copies of /etc/ssl/certs (with Java's store in it) and
/usr/local/share/ca-certificates; what was done in it is gone with it.
"""
import os
import subprocess

import pytest

import clients

REAL = ('/etc/ssl/certs', '/usr/local/share/ca-certificates')
INSIDE = r'''
set -eu
for place in /etc/ssl/certs /usr/local/share/ca-certificates; do
    mkdir -p "$COPIES$place" && cp -a "$place/." "$COPIES$place/" && mount --bind "$COPIES$place" "$place"
done
exec "$@"
'''


# Two updates of the system's bundle and Java's, which take a busy machine more than a minute each.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def apart(store, tmp_path):
    """Runs a shell script in a namespace where the system's stores are copies that last for the test."""
    copies = tmp_path / 'copies'

    def run(script):
        user = [] if os.geteuid() == 0 else ['--map-root-user']
        environment = dict(store.environment, COPIES=str(copies), PADLOCK_DATA=str(store.data), PADLOCK=str(store.binary))
        done = subprocess.run(['unshare', '--mount', *user, '--propagation', 'private', 'sh', '-c', INSIDE, 'sh', 'sh', '-c', script],
                              env=environment, cwd=store.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=280,
                              check=False)
        text = done.stdout.decode('utf-8', 'replace')
        assert done.returncode == 0, text
        return text
    before = [sorted(os.listdir(place)) for place in REAL]
    yield run
    assert [sorted(os.listdir(place)) for place in REAL] == before


JAVA = 'keytool -list -cacerts -storepass changeit 2>/dev/null | grep -c padlock'
SYSTEM = 'openssl verify -CApath /etc/ssl/certs -CAfile /etc/ssl/certs/ca-certificates.crt root.pem'


def test_the_root_goes_into_every_store_and_out_again(store, apart):
    store.run('ca', 'root', '--out', 'root.pem')
    said = apart(f'''
        ! {SYSTEM} 2>&1 || exit 3
        "$PADLOCK" trust install
        {SYSTEM}
        certutil -d sql:"$HOME"/.pki/nssdb -L
        echo java $({JAVA})
        "$PADLOCK" trust remove
        ! {SYSTEM} 2>&1 || exit 3
        certutil -d sql:"$HOME"/.pki/nssdb -L
        echo java $({JAVA})
        ls -l /etc/ssl/certs /usr/local/share/ca-certificates | grep padlock || echo nothing left
    ''')
    assert 'root.pem: OK' in said and said.count('C,,') == 1
    assert said.count('system  done') == 2 and said.count('nss     done') == 2
    assert 'java 0' in said and said.strip().endswith('nothing left')
    actions = [record['action'] for record in store.json('audit', 'list')['records']]
    assert actions[:2] == ['trust.remove', 'trust.install']


def test_a_dry_run_leaves_them_alone(apart):
    said = apart('"$PADLOCK" trust install --dry-run; ls /usr/local/share/ca-certificates "$HOME"/.pki 2>&1 | grep -c padlock || true')
    assert 'dry run' in said and said.strip().endswith('0')


def test_nss_alone(store):
    store.run('trust', 'install', '--store', 'nss')
    store.run('trust', 'install', '--store', 'nss')
    database = f'sql:{store.home}/.pki/nssdb'
    assert 'C,,' in clients.run('certutil', '-d', database, '-L')
    store.run('trust', 'remove', '--store', 'nss')
    assert 'C,,' not in clients.run('certutil', '-d', database, '-L')
    assert store.json('trust', 'remove', '--store', 'nss')['stores'][0]['reason'] == 'the root is not in it'


def test_chromium_trusts_what_nss_was_given(store, server, ports, tmp_path):
    (tmp_path / 'site').mkdir()
    (tmp_path / 'site/index.html').write_text('trusted', encoding='ascii')
    port = ports(1)[0]
    store.run('request', 'new', 'localhost', '--out', 'l.csr')
    store.run('ca', 'issue', 'l.csr')
    store.run('ca', 'fetch', 'localhost', '--out', 'l.pem')
    store.run('cert', 'install', 'l.pem')
    store.run('site', 'add', 'shop', '--root', 'site')
    store.run('bind', 'add', 'shop', f'https://127.0.0.1:{port}', '--cert', 'localhost')
    server()
    store.run('trust', 'install', '--store', 'nss')
    with clients.browser(tmp_path / 'browser') as browser:
        assert browser.open(f'https://localhost:{port}/') == 'ERR_CERT_AUTHORITY_INVALID'
    with clients.browser(tmp_path / 'second', nss=store.home / '.pki/nssdb') as browser:
        assert browser.open(f'https://localhost:{port}/') is None
        assert browser.text == 'trusted'


def test_an_unknown_store(store):
    store.fails(2, 'cli.option.value', 'trust', 'install', '--store', 'windows')
