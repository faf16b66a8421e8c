"""Client certificates: asked for per binding; and tickets, which never lead past that."""
import re
import time

import pytest

import clients
from serving import bind, certificate, root, site

OPEN, OTHER, MAYBE, MUST = 'open.internal', 'other.internal', 'maybe.internal', 'must.internal'


class Authority:
    """A CA of somebody else, and what it issues to clients."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.file = folder / f'{name}.pem'
        clients.run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:P-256', '-nodes', '-keyout', folder / f'{name}.key', '-out',
                    self.file, '-subj', f'/CN={name}', '-days', '30')

    def issue(self, name, usage='clientAuth', days=5):
        base = self.folder / name
        clients.run('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:P-256', '-nodes', '-keyout', f'{base}.key', '-out',
                    f'{base}.csr', '-subj', f'/CN={name}')
        extensions = self.folder / f'{name}.ext'
        extensions.write_text(f'extendedKeyUsage={usage}\n', encoding='ascii')
        clients.run('openssl', 'x509', '-req', '-in', f'{base}.csr', '-CA', self.file, '-CAkey',
                    self.folder / f'{self.name}.key', '-out', f'{base}.pem', '-days', days,
                    '-extfile', extensions)
        return ('--cert', f'{base}.pem', '--key', f'{base}.key')


@pytest.fixture
def farm(store, server, ports):
    store.port = ports(1)[0]
    store.root = root(store)
    store.authority = Authority(store.folder, 'partners')
    for host, options in ((OPEN, ()), (OTHER, ()),
                          (MAYBE, ('--client-auth', 'optional', '--client-ca',
                                   store.authority.file)),
                          (MUST, ('--client-auth', 'required', '--client-ca',
                                  store.authority.file))):
        bind(store, store.port, host, *options)
    store.server = server()
    return store


def fetch(farm, host, *options):
    return clients.curl(f'https://{host}:{farm.port}/', farm.root,
                        *clients.resolve(host, farm.port), *options, check=False)


def test_who_has_a_certificate_comes_in(farm):
    alice = farm.authority.issue('alice')
    for host in (OPEN, MAYBE, MUST):
        for version in ('--tls-max 1.2', '--tlsv1.3'):
            assert fetch(farm, host, *alice, *version.split()) == f'<h1>{host}</h1>'


@pytest.mark.parametrize('version, alert', [
    (('--tls-max', '1.2'), 'handshake failure'), (('--tlsv1.3',), 'certificate required')])
def test_who_has_none_is_told(farm, version, alert):
    assert fetch(farm, MAYBE, *version) == f'<h1>{MAYBE}</h1>'
    assert alert in fetch(farm, MUST, *version)
    farm.server.wait_log(r'must\.internal code=tls\.handshake\.client reason="the client shows no '
                         r'certificate, and the binding requires one')


def test_wrong_certificates_are_refused_even_where_none_is_needed(farm):
    stranger = Authority(farm.folder, 'strangers').issue('mallory')
    server_only = farm.authority.issue('bob', usage='serverAuth')
    for host in (MAYBE, MUST):
        assert 'alert' in fetch(farm, host, *stranger)
        assert 'alert' in fetch(farm, host, *server_only)
    farm.server.wait_log(r'certificate is refused: unable to get local issuer certificate')
    farm.server.wait_log(r'certificate is refused: (unsupported certificate purpose|unsuitable)')
    assert fetch(farm, OPEN, *stranger) == f'<h1>{OPEN}</h1>'


def test_the_own_ca_s_clients(store, server, ports):
    store.port = ports(1)[0]
    store.root = root(store)
    bind(store, store.port, MUST, '--client-auth', 'required')
    server()
    clients.run('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                '-nodes', '-keyout', store.folder / 'c.key', '-out', store.folder / 'c.csr',
                '-subj', '/CN=machine.internal')
    store.run('ca', 'issue', 'c.csr', '--profile', 'internal', '--client-auth')
    store.run('ca', 'fetch', 'machine.internal', '--format', 'pem', '--out', 'c.pem')
    assert 'TLS Web Client Authentication' in clients.openssl_text(store.folder / 'c.pem')
    shown = ('--cert', store.folder / 'c.pem', '--key', store.folder / 'c.key')
    assert fetch(store, MUST, *shown) == f'<h1>{MUST}</h1>'
    # A certificate of the own CA that is not for clients, and one of others.
    store.run('ca', 'issue', 'c.csr', '--profile', 'internal')
    store.run('ca', 'fetch', 'machine.internal', '--format', 'pem', '--out', 'c.pem', '--force')
    assert 'alert' in fetch(store, MUST, *shown)
    assert 'alert' in fetch(store, MUST, *Authority(store.folder, 'partners').issue('alice'))


def test_a_change_holds_for_open_connections_too(farm):
    """Keep-alive from before the change, and a Host of a stricter binding of the same site."""
    url = f'https://127.0.0.1:{farm.port}'
    second = certificate(farm, 'second.internal')
    farm.run('bind', 'add', OPEN, url, '--host', 'second.internal', '--cert', second,
             '--client-auth', 'required', '--client-ca', farm.authority.file)
    deadline = time.monotonic() + 5
    while 'alert' not in fetch(farm, 'second.internal'):
        assert time.monotonic() < deadline
    answer = fetch(farm, OPEN, '--header', 'Host: second.internal', '--include')
    assert '421' in answer.splitlines()[0]
    farm.run('bind', 'set', url, '--host', OPEN, '--client-auth', 'required', '--client-ca',
             farm.authority.file)
    deadline = time.monotonic() + 5
    while 'alert' not in fetch(farm, OPEN):
        assert time.monotonic() < deadline
    farm.run('undo')
    deadline = time.monotonic() + 5
    while fetch(farm, OPEN) != f'<h1>{OPEN}</h1>':
        assert time.monotonic() < deadline


def test_what_cannot_be_is_refused(store, ports):
    url = f'https://127.0.0.1:{ports(1)[0]}'
    site(store, 'shop')
    name = certificate(store, 'shop.internal')
    leaf = Authority(store.folder, 'partners').issue('leaf')[1]
    add = ('bind', 'add', 'shop', url, '--host', 'shop.internal', '--cert', name)
    (store.folder / 'text').write_text('no certificate', encoding='ascii')
    store.fails(2, 'ops.bind.client_auth', *add, '--client-ca', 'partners.pem')
    store.fails(1, 'ops.bind.client_ca', *add, '--client-auth', 'required', '--client-ca', leaf)
    store.fails(1, 'pki.trust.empty', *add, '--client-auth', 'required', '--client-ca', 'text')
    store.fails(4, 'sys.file.missing', *add, '--client-auth', 'required', '--client-ca', 'nothing')
    store.fails(2, 'ops.bind.client_auth', 'bind', 'add', 'shop', url.replace('https', 'http'),
                '--client-auth', 'required')
    assert store.json('bind', 'list')['bindings'] == []
    store.run(*add, '--client-auth', 'required', '--client-ca', 'partners.pem')
    shown = store.json('bind', 'list')['bindings'][0]
    assert shown['client_auth'] == 'required' and shown['client_ca'] == ['CN=partners']
    store.run('bind', 'set', url, '--client-ca', 'own')
    assert store.json('bind', 'list')['bindings'][0]['client_ca'] == 'own'
    store.run('bind', 'set', url, '--client-auth', 'optional')
    store.run('bind', 'set', url, '--client-auth', 'none')
    assert 'client_ca' not in store.json('bind', 'list')['bindings'][0]


# --- tickets -------------------------------------------------------------------------------------

def session(farm, host, version, *options):
    """A handshake whose session is kept; None when no ticket came."""
    file = farm.folder / f'{host}.session'
    file.unlink(missing_ok=True)
    # The ticket of TLS 1.3 comes after the handshake: something must be read.
    clients.run('openssl', 's_client', '-connect', f'127.0.0.1:{farm.port}', '-servername', host,
                version, '-sess_out', file, '-ign_eof', *options,
                stdin=f'GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'.encode(),
                check=False)
    return file if file.exists() else None


def resumes(farm, file, host, version, *options):
    """Whether the server takes the session; the text of the client."""
    text = clients.run('openssl', 's_client', '-connect', f'127.0.0.1:{farm.port}', '-servername',
                       host, version, '-sess_in', file, '-ign_eof', *options,
                       stdin=f'GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'.encode(),
                       check=False)
    return re.search(r'^Reused, ', text, re.MULTILINE) is not None, text


@pytest.mark.parametrize('version', ['-tls1_2', '-tls1_3'])
def test_a_ticket_is_good_for_its_own_binding_alone(farm, version):
    shown = farm.authority.issue('alice')
    alice = ('-cert', shown[1], '-key', shown[3])
    ticket = session(farm, OPEN, version)
    is_resumed, text = resumes(farm, ticket, OPEN, version)
    assert is_resumed and f'<h1>{OPEN}</h1>' in text
    # Another site: CVE-2025-23419's way in, and one that asks no more than the first.
    for host in (OTHER, MAYBE, MUST):
        is_resumed, text = resumes(farm, ticket, host, version)
        assert not is_resumed, text
        assert (f'<h1>{host}</h1>' in text) == (host != MUST)
    # Optional without a certificate does not lead to required, nor required to another site.
    ticket = session(farm, MAYBE, version)
    is_resumed, text = resumes(farm, ticket, MUST, version)
    assert not is_resumed and f'<h1>{MUST}</h1>' not in text
    ticket = session(farm, MUST, version, *alice)
    is_resumed, text = resumes(farm, ticket, MUST, version)
    assert is_resumed and f'<h1>{MUST}</h1>' in text
    is_resumed, text = resumes(farm, ticket, OTHER, version)
    assert not is_resumed and f'<h1>{OTHER}</h1>' in text


@pytest.mark.parametrize('version', ['-tls1_2', '-tls1_3'])
def test_a_ticket_ends_with_the_rule_that_it_was_given_under(farm, version):
    url = f'https://127.0.0.1:{farm.port}'
    ticket = session(farm, OPEN, version)
    second = certificate(farm, 'second.internal')
    farm.run('bind', 'add', OPEN, url, '--host', 'second.internal', '--cert', second,
             '--client-auth', 'required', '--client-ca', farm.authority.file)
    deadline = time.monotonic() + 5
    while 'alert' not in fetch(farm, 'second.internal'):
        assert time.monotonic() < deadline
    # The same site, but this name requires a certificate.
    is_resumed, text = resumes(farm, ticket, 'second.internal', version)
    assert not is_resumed and '<h1>' not in text
    farm.run('bind', 'set', url, '--host', OPEN, '--client-auth', 'required', '--client-ca',
             farm.authority.file)
    deadline = time.monotonic() + 5
    while 'alert' not in fetch(farm, OPEN):
        assert time.monotonic() < deadline
    is_resumed, text = resumes(farm, ticket, OPEN, version)
    assert not is_resumed and '<h1>' not in text


# --- ALPN ----------------------------------------------------------------------------------------

@pytest.mark.parametrize('offered, chosen', [
    ('http/1.1', 'http/1.1'), ('h3,http/1.1', 'http/1.1'), ('http/1.0', 'http/1.0'),
    ('http/1.0,http/1.1', 'http/1.1'), ('h3', None), ('http/1.10', None), ('smtp,imap', None)])
@pytest.mark.parametrize('version', ['-tls1_2', '-tls1_3'])
def test_alpn(farm, version, offered, chosen):
    text = clients.s_client(farm.port, farm.root, OPEN, version, '-alpn', offered, check=False)
    if chosen is None:
        assert 'no application protocol' in text
        farm.server.wait_log('offers no HTTP version that is spoken here')
    else:
        assert f'ALPN protocol: {chosen}' in text


def test_no_alpn_is_fine_too(farm):
    assert 'No ALPN negotiated' in clients.s_client(farm.port, farm.root, OPEN)
