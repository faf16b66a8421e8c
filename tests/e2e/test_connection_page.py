"""/.well-known/padlock/connection: what clients are told of their own connections."""
import hashlib
import json
import re
import socket
import ssl

import pytest

import clients
from serving import bind, root

SHOP, OLD, MUST = 'shop.internal', 'old.internal', 'must.internal'
PATH = '/.well-known/padlock/connection'


@pytest.fixture
def shop(store, server, ports):
    store.port = ports(1)[0]
    store.root = root(store)
    bind(store, store.port, SHOP)
    bind(store, store.port, OLD, '--policy', 'old', key='rsa:2048')
    bind(store, store.port, MUST, '--client-auth', 'optional')
    store.server = server()
    return store


def fetch(shop, host, *options, query='', check=True):
    return clients.curl(f'https://{host}:{shop.port}{PATH}{query}', shop.root,
                        *clients.resolve(host, shop.port), *options, check=check)


def told(shop, host, *options):
    return json.loads(fetch(shop, host, *options))


def by_openssl(shop, host, *options, times=1):
    """The answer to OpenSSL's client, whose offer the options choose."""
    request = f'GET {PATH} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'.encode()
    text = ''
    for _ in range(times):
        text = clients.run('openssl', 's_client', '-connect', f'127.0.0.1:{shop.port}',
                           '-servername', host, '-ign_eof', '-quiet', *options, stdin=request,
                           check=False)
    return json.loads(text[text.index('\r\n\r\n{') + 4:] if '\r\n\r\n{' in text
                      else text[text.index('\n{\n') + 1:])


def test_json_says_what_was_agreed(shop):
    facts = told(shop, SHOP, '--tlsv1.3')
    assert facts['version']['name'] == 'TLS 1.3' and facts['version']['code'] == '0x0304'
    assert facts['suite']['name'].startswith('TLS_') and facts['suite']['rating'] == 'good'
    assert facts['signature']['name'] == 'ecdsa_secp256r1_sha256'
    assert facts['server_name'] == SHOP and facts['alpn'] == 'http/1.1'
    assert facts['is_resumed'] is False and facts['needed_retry'] is False
    assert facts['policy'] == 'intermediate' and facts['client_certificate'] is None
    names = [entry['name'] for entry in facts['offered']['extensions']]
    assert 'server_name' in names and 'supported_versions' in names and 'key_share' in names
    assert facts['offered']['alpn'][-1] == 'http/1.1'


@pytest.mark.parametrize('host, options, version, suite, group, signature', [
    (SHOP, ('-tls1_2', '-cipher', 'ECDHE+AESGCM'), 'TLS 1.2',
     'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'x25519', 'ecdsa_secp256r1_sha256'),
    (SHOP, ('-tls1_3', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256', '-groups', 'P-384'),
     'TLS 1.3', 'TLS_CHACHA20_POLY1305_SHA256', 'secp384r1', 'ecdsa_secp256r1_sha256'),
    (OLD, ('-tls1_3',), 'TLS 1.3', 'TLS_AES_128_GCM_SHA256', 'x25519', 'rsa_pss_rsae_sha256'),
    (OLD, ('-tls1_2', '-sigalgs', 'RSA+SHA384', '-cipher', 'ECDHE-RSA-AES128-SHA'), 'TLS 1.2',
     'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'x25519', 'rsa_pkcs1_sha384'),
    (OLD, ('-tls1', '-cipher', 'ECDHE-RSA-AES256-SHA:@SECLEVEL=0'), 'TLS 1.0',
     'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'x25519', 'rsa_md5_sha1'),
])
def test_each_value_is_the_handshake_s(shop, host, options, version, suite, group, signature):
    facts = by_openssl(shop, host, *options)
    assert facts['version']['name'] == version
    assert facts['suite']['name'] == suite
    assert facts['group']['name'] == group
    assert facts['signature']['name'] == signature


def test_a_second_try_is_told(shop):
    facts = by_openssl(shop, SHOP, '-tls1_3', '-groups', 'X448:P-256')
    assert facts['needed_retry'] is True and facts['group']['name'] == 'secp256r1'
    assert [share['name'] for share in facts['offered']['key_shares']] == ['x448']


@pytest.mark.parametrize('version', ['-tls1_2', '-tls1_3'])
def test_a_resumed_session_is_told(shop, version):
    file = shop.folder / 'session'
    assert by_openssl(shop, SHOP, version, '-sess_out', file)['is_resumed'] is False
    facts = by_openssl(shop, SHOP, version, '-sess_in', file)
    assert facts['is_resumed'] is True and facts['signature'] is None


def test_who_shows_a_certificate_sees_it(shop):
    clients.run('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                '-nodes', '-keyout', shop.folder / 'c.key', '-out', shop.folder / 'c.csr', '-subj',
                '/CN=machine.internal')
    shop.run('ca', 'issue', 'c.csr', '--profile', 'internal', '--client-auth')
    shop.run('ca', 'fetch', 'machine.internal', '--format', 'pem', '--out', 'c.pem')
    shown = ('--cert', shop.folder / 'c.pem', '--key', shop.folder / 'c.key')
    assert told(shop, MUST)['client_certificate'] is None
    client = told(shop, MUST, *shown)['client_certificate']
    assert client['subject'] == 'CN=machine.internal' and len(client['sha256']) == 64
    assert 'machine.internal' in fetch(shop, MUST, *shown, query='?format=html')


def test_page_or_json(shop):
    page = fetch(shop, SHOP, '--header', 'Accept: text/html,application/xhtml+xml,*/*;q=0.8')
    assert page.startswith('<!doctype html>') and 'TLS 1.3' in page and 'x25519' in page
    assert '<script' not in page and 'http://' not in page.replace('http://www.w3.org', '')
    for accept in ('application/json', '*/*', 'text/html;q=0.5,application/json',
                   'text/html;q=0', 'text/html;q=0.0, */*'):
        assert fetch(shop, SHOP, '--header', f'Accept: {accept}').startswith('{'), accept
    for accept in ('text/html', 'application/json;q=0.2,TEXT/HTML;q=0.3', 'text/html; q=1'):
        assert fetch(shop, SHOP, '--header', f'Accept: {accept}').startswith('<!'), accept
    assert fetch(shop, SHOP, query='?format=html').startswith('<!doctype')
    assert fetch(shop, SHOP, '--header', 'Accept: text/html', query='?format=json')[0] == '{'
    assert '400' in fetch(shop, SHOP, '--include', query='?format=xml').splitlines()[0]
    assert '405' in fetch(shop, SHOP, '--include', '--request', 'PUT').splitlines()[0]
    head = fetch(shop, SHOP, '--head')
    assert '200' in head.splitlines()[0] and 'no-store' in head
    assert "default-src 'none'" in head and 'nosniff' in head


def test_it_is_on_https_alone(store, server, ports):
    port = ports(1)[0]
    (store.folder / 'site').mkdir()
    store.run('site', 'add', 'plain', '--root', store.folder / 'site')
    store.run('bind', 'add', 'plain', f'http://127.0.0.1:{port}')
    server()
    answer = clients.run('curl', '--silent', '--include', f'http://127.0.0.1:{port}{PATH}')
    assert '404' in answer.splitlines()[0]


def client_hello(name, protocols, suites=b'\x13\x01'):
    """A ClientHello without a key: enough for HelloRetryRequest, not for a connection."""
    def vector(size, content):
        return len(content).to_bytes(size, 'big') + content
    extensions = b''.join((
        b'\x00\x00' + vector(2, vector(2, b'\x00' + vector(2, name))),
        b'\x00\x10' + vector(2, vector(2, b''.join(vector(1, p) for p in protocols))),
        b'\x00\x2b' + vector(2, vector(1, b'\x03\x04'))))
    body = b'\x03\x03' + bytes(32) + vector(1, b'') + vector(2, suites) + vector(1, b'\x00') + \
        vector(2, extensions)
    message = b'\x01' + vector(3, body)
    return b'\x16\x03\x01' + vector(2, message)


def test_what_comes_from_outside_is_escaped(shop):
    """Names and protocols of any bytes, through a client that sends them."""
    context = ssl.create_default_context(cafile=str(shop.root))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    evil = '<b onclick="x">&\''
    context.set_alpn_protocols([evil, 'http/1.1'])
    with socket.create_connection(('127.0.0.1', shop.port)) as raw, \
            context.wrap_socket(raw, server_hostname=SHOP) as tls:
        tls.sendall(f'GET {PATH}?format=html HTTP/1.1\r\nHost: {SHOP}\r\n'
                    'Connection: close\r\n\r\n'.encode())
        page = b''.join(iter(lambda: tls.recv(65536), b'')).decode('utf-8')
    assert evil not in page and '<b onclick' not in page
    assert '&lt;b onclick=' in page
    # What is no TLS client at all ends with an alert, not with the server.
    for hello in (client_hello(b'\xff\x1b[2J', [b'\x00\xff']), client_hello(b'', [b'h2']),
                  client_hello(b'a' * 300, [b'h2'])):
        with socket.create_connection(('127.0.0.1', shop.port), 5) as raw:
            raw.sendall(hello)
            assert raw.recv(100)[:1] == b'\x15'
    assert told(shop, SHOP)['server_name'] == SHOP


def test_ja4_is_what_its_parts_say(shop):
    facts = told(shop, SHOP)
    start, suites, rest = facts['ja4_raw'].split('_', 2)
    digest = [hashlib.sha256(text.encode()).hexdigest()[:12] for text in (suites, rest)]
    assert facts['ja4'] == '_'.join([start, *digest])
    offered = facts['offered']
    codes = sorted(entry['code'][2:] for entry in offered['suites'] if 'is_grease' not in entry)
    assert suites == ','.join(codes)
    assert re.fullmatch(rf't13d{len(codes):02}\d\dh[12]', start)


def test_many_suites_are_cut_and_said(shop):
    names = [line.split()[0] for line in clients.run('openssl', 'ciphers', '-v', 'ALL').split('\n')
             if line]
    facts = by_openssl(shop, SHOP, '-cipher', ':'.join(names))
    assert facts['offered']['is_cut'] is False and len(facts['offered']['suites']) > 30


def test_chromium_sees_its_own_connection(shop, tmp_path):
    with clients.browser(tmp_path / 'home', shop.root, {SHOP: '127.0.0.1'}) as chromium:
        assert chromium.open(f'https://{SHOP}:{shop.port}{PATH}') is None
        text = chromium.text
        assert f'Your connection to {SHOP}' in text and 'TLS 1.3' in text
        assert 'X25519MLKEM768' in text and 'GREASE' in text and 'JA4' in text
        chromium.driver.save_screenshot(str(tmp_path / 'connection.png'))
        assert not [line for line in chromium.driver.get_log('browser')
                    if line['level'] == 'SEVERE'], 'the page’s own policy stops a part of it'
