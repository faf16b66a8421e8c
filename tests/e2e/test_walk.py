"""The way of the README, and what real clients say of the result."""
import json
import os
import pathlib
import socket
import time

import pytest

import clients
from program import Padlock

HOST = 'www.example.com'
CACHE = pathlib.Path(os.environ.get('PADLOCK_CACHE', pathlib.Path.home() / '.cache/padlock'))
# The common name is kept for those who look for it, and needs no key identifier of its own: docs/ARCHITECTURE.md.
ZLINT_REMARKS = {'e_cab_dv_subject_invalid_values', 'w_ext_subject_key_identifier_missing_sub_cert', 'w_subject_common_name_included'}
SUBJECT = ('--org', 'Example Inc.', '--city', 'Redmond', '--state', 'Washington', '--country', 'US')


def install(store, host=HOST, *options):
    """request → submit → approve → fetch → install, as the README prints them."""
    store.run('request', 'new', host, '--out', 'www.csr', '--force', *options)
    store.run('ca', 'submit', 'www.csr')
    store.run('ca', 'approve', host)
    store.run('ca', 'fetch', host, '--format', 'p7b', '--out', 'www.p7b', '--force')
    store.run('cert', 'install', 'www.p7b', '--name', 'Shop 2026')


@pytest.fixture
def shop(store, server, ports):
    """The whole way to a served site."""
    folder = store.folder / 'site'
    folder.mkdir()
    (folder / 'index.html').write_text('<h1>shop</h1>', encoding='ascii')
    install(store, HOST, *SUBJECT)
    store.port = ports(1)[0]
    store.url = f'https://127.0.0.1:{store.port}'
    store.run('site', 'add', 'shop', '--root', folder)
    store.run('bind', 'add', 'shop', store.url, '--host', HOST, '--cert', 'Shop 2026')
    store.root = store.folder / 'root.pem'
    store.root.write_text(store.run('ca', 'root').out, encoding='ascii')
    store.server = server()
    return store


def fetch(shop, host=HOST, path='/', **options):
    return clients.curl(f'https://{host}:{shop.port}{path}', shop.root, *clients.resolve(host, shop.port), **options)


def checks(result):
    return {check['check']: check['outcome'] for check in result.json['checks']}


def test_the_site_is_served_and_verified(shop):
    assert fetch(shop) == '<h1>shop</h1>'
    result = shop.run('--json', 'verify', f'127.0.0.1:{shop.port}', '--host', HOST, '--trust', shop.root)
    assert result.json['outcome'] == 'pass' and result.json['version'] == 'TLSv1.3'
    assert [checks(result)[name] for name in ('dates', 'issuer', 'signature', 'name')] == ['pass'] * 4
    assert checks(result)['revocation'] == 'pass'


def test_another_name_and_another_day_are_told(shop):
    target = f'127.0.0.1:{shop.port}'
    result = shop.attempt('--json', 'verify', target, '--host', 'other.example.com', '--trust', shop.root)
    assert result.code == 1 and checks(result)['name'] == 'fail'
    result = shop.attempt('--json', 'verify', target, '--host', HOST, '--trust', shop.root, '--at', '2040-01-01')
    assert result.code == 1 and checks(result)['dates'] == 'fail'


def test_without_the_root_it_is_not_trusted(shop):
    shop.root = '/etc/ssl/certs/ca-certificates.crt'
    assert 'curl: (60)' in fetch(shop, check=False)


def test_openssl_and_gnutls_agree(shop):
    for version in ('-tls1_2', '-tls1_3'):
        assert 'Verify return code: 0 (ok)' in clients.s_client(shop.port, shop.root, HOST, version)
    assert 'Handshake was completed' in clients.gnutls(shop.port, shop.root, HOST)


def test_chromium_shows_the_page_with_the_root_and_an_error_without(shop, tmp_path):
    hosts = {HOST: '127.0.0.1'}
    with clients.browser(tmp_path / 'trusting', shop.root, hosts) as browser:
        assert browser.open(f'https://{HOST}:{shop.port}/') is None
        assert browser.text == 'shop'
    with clients.browser(tmp_path / 'doubting', None, hosts) as browser:
        assert browser.open(f'https://{HOST}:{shop.port}/') == 'ERR_CERT_AUTHORITY_INVALID'


def test_a_change_is_served_within_a_second(shop):
    shop.run('request', 'new', 'new.example.com', '--out', 'new.csr')
    shop.run('ca', 'issue', 'new.csr')
    shop.run('ca', 'fetch', 'new.example.com', '--out', 'new.pem')
    shop.run('cert', 'install', 'new.pem')
    shop.run('bind', 'add', 'shop', shop.url, '--host', 'new.example.com', '--cert', 'new.example.com')
    time.sleep(1)
    assert fetch(shop, 'new.example.com') == '<h1>shop</h1>'
    assert shop.server.process.poll() is None


def test_conflicts_are_told_before_anything_changes(shop):
    shop.fails(3, 'ops.bind.exists', 'bind', 'add', 'shop', shop.url, '--host', HOST, '--cert', 'Shop 2026')
    shop.fails(3, 'ops.bind.name', 'bind', 'add', 'shop', shop.url, '--host', 'a.example.com', '--cert', 'Shop 2026')
    shop.fails(3, 'ops.bind.scheme', 'bind', 'add', 'shop', f'http://127.0.0.1:{shop.port}')
    shop.fails(2, 'ops.bind.url', 'bind', 'add', 'shop', f'https://www.example.com:{shop.port}', '--cert', 'Shop 2026')
    assert len(shop.json('bind', 'list')['bindings']) == 1
    check = shop.attempt('--json', 'bind', 'check', 'shop', shop.url, '--host', 'a.example.com', '--cert', 'Shop 2026')
    assert check.code == 3 and not check.json['is_possible']


def test_a_pfx_goes_out_and_comes_back(store, tmp_path):
    install(store)
    (tmp_path / 'password').write_text('correct horse\n', encoding='ascii')
    (tmp_path / 'wrong').write_text('battery staple\n', encoding='ascii')
    for reader in ('windows-2008', 'windows-2016', 'windows', 'java', 'openssl'):
        file = tmp_path / f'{reader}.pfx'
        store.run('cert', 'export', 'Shop 2026', '--format', 'pfx', '--for', reader, '--password-file', 'password', '--out', file)
        assert file.stat().st_mode & 0o777 == 0o600
        (tmp_path / reader).mkdir()
        other = Padlock(store.binary, tmp_path / reader)
        other.run('init', '--no-ca')
        other.fails(1, 'unpack.password', 'cert', 'import', file, '--password-file', tmp_path / 'wrong')
        added = other.json('cert', 'import', file, '--password-file', tmp_path / 'password')
        assert added['has_private_key'] and added['names'] == [HOST]
        assert 'Shop 2026' in clients.pk12_list(file, 'correct horse')
    assert 'PrivateKeyEntry' in clients.keytool('-list', '-keystore', tmp_path / 'java.pfx', '-storepass', 'correct horse', home=tmp_path)


def test_a_key_that_is_not_exportable_stays(store, tmp_path):
    (tmp_path / 'password').write_text('correct horse\n', encoding='ascii')
    install(store, HOST, '--exportable', 'no')
    store.fails(3, 'keys.export.denied', 'cert', 'export', 'Shop 2026', '--format', 'pfx', '--password-file', 'password', '--out', 'x.pfx')
    assert not (tmp_path / 'x.pfx').exists()


def test_what_cannot_be_installed_is_told(store, tmp_path):
    clients.run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', tmp_path / 'key.pem',
                '-out', tmp_path / 'self.pem', '-subj', '/CN=self.example.com', '-days', '3')
    (tmp_path / 'garbage').write_bytes(b'\x00\x01garbage')
    install(store)
    for file in ('key.pem', 'www.csr', 'garbage'):
        store.fails(1, 'ops.install.not_certificate', 'cert', 'install', file)
    store.fails(1, 'ops.install.self_signed', 'cert', 'install', 'self.pem')
    store.fails(3, 'ops.install.there', 'cert', 'install', 'www.p7b')
    store.fails(4, 'sys.file.missing', 'cert', 'install', 'nowhere')
    (tmp_path / 'root.pem').write_text(store.run('ca', 'root').out, encoding='ascii')
    store.fails(1, 'ops.install.is_ca', 'cert', 'install', 'root.pem')


def test_a_certificate_for_another_key_is_told(store):
    store.run('request', 'new', HOST, '--out', 'first.csr')
    store.run('ca', 'issue', 'first.csr')
    store.run('ca', 'fetch', HOST, '--out', 'first.pem')
    store.run('request', 'cancel', HOST)
    store.fails(4, 'pki.key.missing', 'cert', 'install', 'first.pem')
    store.run('request', 'new', HOST, '--out', 'second.csr')
    store.fails(1, 'ops.install.other_key', 'cert', 'install', 'first.pem')


def test_texas_and_houston_are_swapped(store):
    result = store.fails(1, 'request.field.swapped', 'request', 'new', HOST, '--city', 'Texas', '--state', 'Houston', '--country', 'US')
    assert 'Houston' in result.err


def test_init_never_overwrites(store):
    store.fails(3, 'store.exists', 'init')


def test_dry_run_changes_nothing(store):
    store.run('request', 'new', HOST, '--out', 'www.csr')
    store.run('ca', 'submit', 'www.csr', '--dry-run')
    assert store.json('ca', 'queue')['submissions'] == []


def test_zlint_finds_no_error_and_no_warning_but_on_the_name(store, tmp_path):
    zlint = CACHE / 'programs/zlint/usr/bin/zlint'
    for number, subject in enumerate(((), SUBJECT)):
        for key in ('ec:p256', 'ec:p384', 'rsa:2048'):
            host = f'{key.replace(":", "")}-{number}.example.com'
            store.run('request', 'new', host, '--key', key, '--out', 'z.csr', '--force', *subject)
            store.run('ca', 'issue', 'z.csr')
            store.run('ca', 'fetch', host, '--out', 'leaf.pem', '--force')
            report = json.loads(clients.run(zlint, tmp_path / 'leaf.pem'))
            bad = {name: found['result'] for name, found in report.items() if found['result'] in ('error', 'fatal', 'warn')}
            assert set(bad) <= ZLINT_REMARKS and set(bad.values()) <= {'warn'}, bad


@pytest.mark.parametrize('times', [2])
def test_the_demo_works_twice_on_one_store(padlock, ports, times):
    port, services, http, metrics = ports(4)
    for _ in range(times):
        result = padlock.run('demo', '--once', '--https-port', port, '--services-port', services,
                             '--http-port', http, '--metrics-port', metrics)
        assert '✗' not in result.out and f'https://localhost:{port}/' in result.out
        assert f'http://localhost:{http}/ca/' in result.out and f'https://localhost:{services}/' in result.out
    assert len(padlock.json('cert', 'list')['certificates']) == 1


def test_the_demo_says_that_its_port_is_busy(padlock, ports):
    port, services, http, metrics = ports(4)
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', port))
        taken.listen()
        result = padlock.attempt('demo', '--once', '--https-port', port, '--services-port', services,
                                 '--http-port', http, '--metrics-port', metrics)
    assert result.code == 1 and 'net.port.busy' in result.err
