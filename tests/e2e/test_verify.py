"""The five checks, each with what makes it fail, on servers of others and on files."""
import contextlib
import ssl
import threading

import pytest

import clients
import foreign
from program import free_ports

HOST = 'www.example.com'


@pytest.fixture
def authority(tmp_path):
    return foreign.Authority(tmp_path / 'authority')


def certificate(authority, folder, sans=f'DNS:{HOST}', name='leaf', **options):
    key = foreign.key(folder / f'{name}.key')
    foreign.csr(folder / f'{name}.csr', key, '/CN=x')
    return authority.sign(folder / f'{name}.csr', folder / f'{name}.pem', sans, **options)


@contextlib.contextmanager
def served(leaf):
    """A server by Python, that ends each connection after the handshake."""
    import socket
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf, leaf.with_suffix('.key'))
    listener = socket.create_server(('127.0.0.1', 0))

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with contextlib.suppress(OSError):
                    context.wrap_socket(connection, server_side=True).close()
    threading.Thread(target=accept, daemon=True).start()
    yield f'127.0.0.1:{listener.getsockname()[1]}'
    listener.close()


def verify(padlock, *arguments):
    """Exit code and outcome of each check."""
    said = padlock.attempt('--json', 'verify', *arguments)
    return said.code, {check['check']: check['outcome'] for check in said.json['checks']}, said.json


def test_all_is_well(padlock, tmp_path, authority):
    with served(certificate(authority, tmp_path)) as address:
        code, checks, document = verify(padlock, address, '--host', HOST, '--trust', authority.certificate)
        assert code == 0 and document['outcome'] != 'fail'
        assert checks == {'dates': 'pass', 'issuer': 'pass', 'signature': 'pass', 'name': 'pass', 'revocation': 'unknown'}
        text = padlock.run('verify', address, '--host', HOST, '--trust', authority.certificate).out
        assert text.count('✓') == 13 and text.count('\n? ') == 1 and '✗' not in text
        full = padlock.run('verify', address, '--host', HOST, '--trust', authority.certificate, '--full').out
        assert full.count('✓') > 15 and all(panel['question'] in full for panel in document['panels'])


@pytest.mark.parametrize('check, options, arguments', [
    ('dates', {'start': '20200101000000Z', 'end': '20210101000000Z'}, ()),
    ('dates', {'start': '20400101000000Z', 'end': '20410101000000Z'}, ()),
    ('dates', {}, ('--at', '2037-01-01')),
    ('name', {'sans': 'DNS:other.example.com'}, ()),
    ('name', {'sans': 'DNS:*.www.example.com'}, ()),
])
def test_one_check_fails(padlock, tmp_path, authority, check, options, arguments):
    leaf = certificate(authority, tmp_path, **options)
    with served(leaf) as address:
        code, checks, _ = verify(padlock, address, '--host', HOST, '--trust', authority.certificate, *arguments)
    assert code == 1 and [name for name, outcome in checks.items() if outcome == 'fail'] == [check]


def outcomes(document):
    return {panel['panel']: panel['outcome'] for panel in document['panels']}


def test_panels(padlock, tmp_path, authority):
    leaf = certificate(authority, tmp_path, extra='certificatePolicies=2.23.140.1.2.1\n')
    code, _, document = verify(padlock, leaf, '--host', 'other.example.com', '--trust', authority.certificate, '--at', '2040-01-01')
    assert code == 1 and not document['is_public']
    assert [panel for panel, outcome in outcomes(document).items() if outcome == 'fail'] == ['dates', 'name']
    panels = {panel['panel']: panel for panel in document['panels']}
    assert panels['policies']['sentence'].startswith('DV: ')
    assert {'mark': 'fact', 'text': f'{HOST}: host name'} in panels['name']['lines']
    assert any(line['mark'] == 'fail' for line in panels['dates']['lines'])


def views(document):
    return {view['browser']: (view['outcome'], view['code']) for view in document['browsers']}


def test_what_browsers_will_show(padlock, tmp_path, authority):
    leaf = certificate(authority, tmp_path, end='20300101000000Z')
    options = (leaf, '--host', HOST, '--trust', authority.certificate)
    assert all(view == ('shown', '') for view in views(padlock.json('verify', *options)).values())
    late = verify(padlock, *options, '--at', '2031-01-01')[2]
    assert views(late) == {
        'Chrome': ('warning', 'NET::ERR_CERT_DATE_INVALID'), 'Firefox': ('warning', 'SEC_ERROR_EXPIRED_CERTIFICATE'),
        'Safari': ('warning', ''), 'Internet Explorer': ('warning', 'DLG_FLAGS_SEC_CERT_DATE_INVALID')}
    drawn = padlock.attempt('verify', *options, '--at', '2031-01-01', '--browsers').out
    assert drawn.count('┌') == drawn.count('└') == 4
    for view in late['browsers']:
        assert view['title'] in drawn and view['proceed'] in drawn


def test_a_binding_before_it_is_made(store, tmp_path):
    key = foreign.key(tmp_path / 'own.key')
    foreign.self_signed(tmp_path / 'own.pem', key, f'/CN={HOST}', '-addext', f'subjectAltName=DNS:{HOST}')
    (tmp_path / 'both.pem').write_text((tmp_path / 'own.pem').read_text() + key.read_text(), encoding='ascii')
    (tmp_path / 'site').mkdir(mode=0o755)
    store.run('cert', 'import', 'both.pem', '--name', 'own')
    store.run('site', 'add', 'shop', '--root', tmp_path / 'site')
    binding = ('bind', 'check', 'shop', 'https://127.0.0.1:8443', '--cert', 'own', '--host', HOST)
    assert views(store.json(*binding))['Firefox'] == ('warning', 'MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT')
    view = store.json(*binding, '--at', '2040-01-01')['browsers'][0]
    assert view['code'] == 'NET::ERR_CERT_AUTHORITY_INVALID' and HOST in view['proceed']
    assert 'Your connection is not private' in store.run(*binding, '--browsers').out
    assert store.json('bind', 'list')['bindings'] == []


def test_issuers_that_were_not_presented(padlock, tmp_path, authority):
    foreign.key(tmp_path / 'issuing.key')
    foreign.csr(tmp_path / 'issuing.csr', tmp_path / 'issuing.key', '/CN=Issuing')
    issuing = authority.sign(tmp_path / 'issuing.csr', tmp_path / 'issuing.pem', 'DNS:issuing',
                             extra='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n')
    (tmp_path / 'below').mkdir()
    below = foreign.Authority(tmp_path / 'below/authority')
    below.certificate, below.key = issuing, tmp_path / 'issuing.key'
    leaf = certificate(below, tmp_path)
    options = (leaf, '--host', HOST, '--trust', authority.certificate)
    code, _, document = verify(padlock, *options)
    assert code == 1 and outcomes(document)['chain'] == 'fail' and outcomes(document)['signatures'] == 'unknown'
    code, _, document = verify(padlock, *options, '--issuers', issuing)
    assert code == 0 and outcomes(document)['chain'] == 'pass'
    assert document['notes'] and 'was not presented' in document['notes'][0]


def test_revocation_lists(padlock, tmp_path, authority):
    leaf = certificate(authority, tmp_path)
    ca = ('openssl', 'ca', '-config', authority.folder / 'ca.cnf', '-cert', authority.certificate, '-keyfile', authority.key)
    options = (leaf, '--host', HOST, '--trust', authority.certificate)
    clients.run(*ca, '-gencrl', '-crldays', '30', '-out', tmp_path / 'before.crl')
    clients.run(*ca, '-revoke', leaf, '-crl_reason', 'keyCompromise')
    clients.run(*ca, '-gencrl', '-crldays', '30', '-out', tmp_path / 'after.crl')
    code, checks, _ = verify(padlock, *options, '--crl', tmp_path / 'before.crl')
    assert code == 0 and checks['revocation'] == 'pass'
    code, checks, document = verify(padlock, *options, '--crl', tmp_path / 'before.crl', '--crl', tmp_path / 'after.crl')
    assert code == 1 and [name for name, outcome in checks.items() if outcome == 'fail'] == ['revocation']
    assert 'key compromise' in document['panels'][-1]['sentence']
    padlock.fails(1, 'ops.verify.no_list', 'verify', *options, '--crl', leaf)


def test_whose_roots(store, tmp_path):
    root = store.run('ca', 'root').out
    (tmp_path / 'root.pem').write_text(root, encoding='ascii')
    for roots, expected, trust in (('own', 'pass', "this store's own root"), ('system', 'fail', "the system's roots")):
        document = store.attempt('--json', 'verify', tmp_path / 'root.pem', '--roots', roots).json
        chain = [panel for panel in document['panels'] if panel['panel'] == 'chain'][0]
        assert chain['outcome'] == expected and document['trust'] == trust and not document['is_public']


def test_an_issuer_that_nobody_trusts(padlock, tmp_path, authority):
    with served(certificate(authority, tmp_path)) as address:
        code, checks, _ = verify(padlock, address, '--host', HOST)
    assert code == 1 and checks['issuer'] == 'fail'


def test_a_signature_by_another(padlock, tmp_path, authority):
    (tmp_path / 'second').mkdir()
    impostor = foreign.Authority(tmp_path / 'second/authority')
    with served(certificate(authority, tmp_path)) as address:
        code, checks, _ = verify(padlock, address, '--host', HOST, '--trust', impostor.certificate)
    assert code == 1 and 'fail' in (checks['signature'], checks['issuer'])


def test_files(padlock, tmp_path, authority):
    leaf = certificate(authority, tmp_path)
    assert verify(padlock, leaf, '--host', HOST, '--trust', authority.certificate)[0] == 0
    code, checks, _ = verify(padlock, leaf, '--trust', authority.certificate)
    assert code == 0 and checks['name'] == 'unknown'
    (tmp_path / 'text').write_text('hello\n', encoding='ascii')
    padlock.fails(2, 'ops.verify.target', 'verify', 'text')
    padlock.fails(2, 'ops.verify.target', 'verify', 'leaf.csr')


def test_the_same_verdict_as_openssl(padlock, tmp_path, authority):
    leaf = certificate(authority, tmp_path)
    for at, expected in (('2026-12-01', 0), ('2025-12-31', 1), ('2036-01-02', 1)):
        seconds = clients.run('date', '-u', '-d', at, '+%s').strip()
        theirs = clients.run('openssl', 'verify', '-attime', seconds, '-CAfile', authority.certificate, '-verify_hostname', HOST, leaf,
                             check=False)
        code, _, _ = verify(padlock, leaf, '--host', HOST, '--trust', authority.certificate, '--at', at)
        if at > '2026-11':  # before, openssl also finds the root too young
            assert (': OK' in theirs) == (expected == 0)
        assert code == expected


def test_nobody_there(padlock):
    port = free_ports(1)[0]
    padlock.fails(5, 'tls.look.connect', 'verify', f'127.0.0.1:{port}')
    padlock.fails(5, 'tls.look.resolve', 'verify', 'nowhere.invalid')
