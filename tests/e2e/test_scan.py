"""padlock scan: what others' servers speak, held against sslscan and testssl.sh; grades; many at once."""
import functools
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import xml.etree.ElementTree as xml

import pytest

import clients
import foreign
import name_server
import peers
import plain_then_tls
import serving
from program import free_ports

HOST = 'www.example.com'


@pytest.fixture(scope='session')
def leaves(tmp_path_factory):
    """Certificates with an RSA and an EC key, and one with an RSA key of 512 bits, of one authority."""
    folder = tmp_path_factory.mktemp('leaves')
    authority = foreign.Authority(folder / 'authority')
    made = {'authority': authority.certificate}
    for name, options in {'rsa': ('-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'), 'ec': (),
                          'rsa512': ('-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:512')}.items():
        key = foreign.key(folder / f'{name}.key', *options)
        foreign.csr(folder / f'{name}.csr', key, '/CN=x')
        made[name] = authority.sign(folder / f'{name}.csr', folder / f'{name}.pem', f'DNS:{HOST}')
    return made


def scan(padlock, target, *options, code=None):
    """The listeners' documents."""
    target = f'127.0.0.1:{target}' if isinstance(target, int) else target
    said = padlock.attempt('--json', 'scan', target, '--sni', HOST, *options)
    assert said.code in ((0, 1) if code is None else (code,)), (said.code, said.err, said.out[-300:])
    return said.json['listeners']


def one(padlock, target, *options, code=None):
    document, = scan(padlock, target, *options, code=code)
    assert document['state'] == 'finished' and document['is_complete'], document
    return document


def spoken(document):
    return {version['name'] for version in document['versions'] if version['is_spoken']}


def suites(document):
    return {(version['name'], suite['name']) for version in document['versions'] for suite in version.get('suites', [])}


def names(entries):
    return {entry['name'] for entry in entries}


def codes(document):
    return {finding['code'] for finding in document['findings']}


# --- against other scanners ----------------------------------------------------------------------


@functools.cache
def iana_names():
    """OpenSSL's names of suites, in IANA's words."""
    lines = clients.run('openssl', 'ciphers', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0').splitlines()
    return {line.split()[2]: line.split()[0] for line in lines}


def by_sslscan(port):
    """Versions, suites and groups as sslscan sees them, in our words."""
    text = clients.run('sslscan', '--xml=-', '--no-colour', f'--sni-name={HOST}', f'127.0.0.1:{port}',
                       timeout=110)
    tree = xml.fromstring(text.split('\n', 1)[1])
    word = {'ssl': 'SSL {}.0', 'tls': 'TLS {}'}
    versions = {word[found.get('type')].format(found.get('version')) for found in tree.iter('protocol')
                if found.get('enabled') == '1'}
    return {'versions': versions,
            'suites': {(found.get('sslversion').replace('v', ' '), iana_names().get(found.get('cipher'), found.get('cipher')))
                       for found in tree.iter('cipher')},
            'groups': {(found.get('sslversion').replace('v', ' '), found.get('name')) for found in tree.iter('group')},
            'heartbleed': {found.get('sslversion').replace('v', ' ') for found in tree.iter('heartbleed')
                           if found.get('vulnerable') == '1'}}


def assert_same(document, theirs):
    # sslscan knows no suites of SSL 3.0 with the system's library, and none that its library lacks.
    assert spoken(document) == theirs['versions']
    known = {suite for suite in suites(document) if suite[0] != 'SSL 3.0'}
    assert theirs['suites'] <= known
    strangers = {name for _, name in known - theirs['suites']}
    assert not any(re.search(r'_(AES_(128|256)_(GCM|CBC)|CHACHA20)', name) and 'anon' not in name and 'DSS' not in name
                   for name in strangers), strangers
    # The same groups by other names: ours has those that sslscan does not know, too.
    alias = {'x25519': 'x25519', 'x448': 'x448', 'secp256r1 (NIST P-256)': 'secp256r1',
             'secp384r1 (NIST P-384)': 'secp384r1', 'secp521r1 (NIST P-521)': 'secp521r1'}
    found = {alias[name] for version, name in theirs['groups'] if version == 'TLS 1.3' and name in alias}
    assert found == names(document['groups_tls13']) & set(alias.values())


@pytest.mark.parametrize('policy', ['modern', 'intermediate', 'old'])
def test_our_own_policies(store, server, policy):
    port, = free_ports(1)
    serving.bind(store, port, HOST, '--policy', policy)
    server('--quiet')
    document = one(store, port)
    theirs = by_sslscan(port)
    assert spoken(document) == theirs['versions']
    assert theirs['suites'] == suites(document)
    assert names(document['groups_tls13']) >= {'X25519MLKEM768', 'x25519', 'secp256r1'}
    traced = store.attempt('--json', 'trace', f'127.0.0.1:{port}', '--host', HOST).json['handshakes'][0]
    assert f'"{document["ja4s"]}"' in json.dumps(traced) and f'"{document["ja3s"]}"' in json.dumps(traced)
    assert document['resumption']['tls13'] and not document['resumption']['early_data']
    assert set(document['attacks'].values()) <= {'safe', 'untested'} or policy == 'old'
    if policy == 'old':
        assert document['grade']['letter'] == 'B' and 'scan.old_version' in codes(document)
        assert any('--policy intermediate' in finding['mend'] for finding in document['findings'])
    else:
        assert document['grade']['letter'] == 'A', document['findings']
        assert not codes(document) - {'scan.no_hsts', 'scan.no_staple', 'scan.sha1_signature'}, codes(document)


S_SERVERS = {
    'usual': (),
    'everything': ('-cipher', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0', '-min_protocol', 'TLSv1', '-legacy_renegotiation'),
    'one suite': ('-tls1_2', '-cipher', 'ECDHE-RSA-AES256-GCM-SHA384'),
    'newest alone': ('-tls1_3', '-groups', 'P-384:X25519'),
    'server chooses': ('-tls1_2', '-serverpref', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384'),
}


@pytest.mark.parametrize('options', S_SERVERS)
def test_openssl_s_server(padlock, leaves, options):
    with peers.s_server(leaves['rsa'], *S_SERVERS[options]) as port:
        document = one(padlock, port, '--trust', leaves['authority'])
        assert_same(document, by_sslscan(port))
    orders = {version['name']: version['order'] for version in document['versions'] if version.get('order')}
    if options == 'everything':
        assert {'scan.anonymous', 'scan.null_suite', 'scan.old_version'} <= codes(document)
        assert document['grade']['letter'] == 'F'
    if options == 'one suite':
        assert suites(document) == {('TLS 1.2', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384')}
        assert 'scan.no_tls13' in codes(document) and document['grade']['letter'] == 'A-'
    if options == 'newest alone':
        assert [group['name'] for group in document['groups_tls13']] == ['x25519', 'secp384r1'] or \
            names(document['groups_tls13']) == {'x25519', 'secp384r1'}
    if options == 'server chooses':
        assert orders == {'TLS 1.2': 'server'}
    if options == 'usual':
        assert orders['TLS 1.3'] == 'client'


def test_nginx(padlock, leaves, tmp_path):
    more = ('ssl_certificate ' + str(leaves['ec']) + '; ssl_certificate_key ' + str(leaves['ec'].with_suffix('.key')) + ';'
            'add_header Strict-Transport-Security "max-age=63072000" always; ssl_prefer_server_ciphers on;'
            'ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; ssl_session_tickets off;')
    with peers.nginx(tmp_path / 'nginx', leaves['rsa'], more) as port:
        document = one(padlock, port, '--trust', leaves['authority'], code=0)
        assert_same(document, by_sslscan(port))
    keys = {chain['certificates'][0]['key'] for chain in document['chains']}
    assert keys == {'RSA 2048', 'ECDSA P-256'}
    assert document['http']['strict_transport_security'] == 'max-age=63072000'
    assert document['grade']['letter'] == 'A+', document['findings']
    assert not document['resumption']['tickets'] and document['resumption']['ids']
    assert document['protocols'] == ['http/1.1'] or 'http/1.1' in document['protocols']


@pytest.mark.timeout(300)
def test_agrees_with_testssl(padlock, leaves, tmp_path):
    file = tmp_path / 'testssl.json'
    more = 'ssl_ciphers "ALL:COMPLEMENTOFALL:@SECLEVEL=0"; ssl_protocols TLSv1 TLSv1.1 TLSv1.2;'
    with peers.nginx(tmp_path / 'nginx', leaves['rsa'], more) as port:
        document = one(padlock, port, '--trust', leaves['authority'])
        clients.run('testssl', '--quiet', '--color', '0', '--warnings', 'batch', '--fast', '--protocols', '--freak', '--drown',
                    '--ccs', '--heartbleed', '--jsonfile', file, '--ip', '127.0.0.1', f'{HOST}:{port}',
                    check=False, timeout=280)
    found = {entry['id']: entry for entry in json.loads(file.read_text(encoding='utf-8'))}
    offered = {'TLS 1.0': 'TLS1', 'TLS 1.1': 'TLS1_1', 'TLS 1.2': 'TLS1_2', 'TLS 1.3': 'TLS1_3', 'SSL 3.0': 'SSLv3', 'SSL 2.0': 'SSLv2'}
    theirs = {ours for ours, name in offered.items() if not found[name]['finding'].startswith('not offered')}
    assert spoken(document) == theirs
    same = {'Heartbleed': 'heartbleed', 'CCS injection': 'CCS', 'FREAK': 'FREAK', 'DROWN': 'DROWN'}
    for ours, name in same.items():
        is_vulnerable = found[name]['severity'] not in ('OK', 'INFO')
        assert (document['attacks'][ours] == 'vulnerable') == is_vulnerable, (ours, found[name])


RENEGOTIATION = {
    # with RFC 5746, without it, and what is found of that
    'refused': ((), False, False, set()),
    'clients may': (('-client_renegotiation',), True, False, {'scan.client_renegotiation'}),
    'anybody may': (('-client_renegotiation', '-legacy_renegotiation'), True, True,
                    {'scan.client_renegotiation', 'scan.insecure_renegotiation'}),
}


def renegotiation(document):
    return {code for code in codes(document) if 'renegotiation' in code}


@pytest.mark.parametrize('case', RENEGOTIATION)
@pytest.mark.timeout(300)
def test_renegotiation(padlock, leaves, tmp_path, case):
    options, secure, insecure, expected = RENEGOTIATION[case]
    file = tmp_path / 'testssl.json'
    with peers.s_server(leaves['rsa'], '-tls1_2', *options) as port:
        document = one(padlock, port, '--trust', leaves['authority'])
        clients.run('testssl', '--quiet', '--color', '0', '--warnings', 'batch', '--renegotiation', '--jsonfile', file,
                    '--ip', '127.0.0.1', f'{HOST}:{port}', check=False, timeout=280)
    features = document['features']
    assert (features['client_renegotiation'], features['insecure_renegotiation']) == (secure, insecure)
    assert renegotiation(document) == expected
    assert (document['grade']['letter'] == 'F') == insecure, document['findings']
    found = {entry['id']: entry for entry in json.loads(file.read_text(encoding='utf-8'))}
    assert (found['secure_client_renego']['severity'] != 'OK') == secure, found


def test_renegotiation_with_nginx(padlock, leaves, tmp_path):
    with peers.nginx(tmp_path / 'nginx', leaves['rsa']) as port:
        document = one(padlock, port, '--trust', leaves['authority'])
    assert document['features']['client_renegotiation'] is False and not renegotiation(document)


@pytest.mark.parametrize('node, method', [('0.8.6', ''), ('0.10.0', ''), ('0.10.0', 'SSLv3_method'), ('4.0.0', '')])
def test_renegotiation_with_servers_of_the_past(padlock, leaves, node, method):
    with peers.old_node(node, leaves['rsa'], method, 'AES128-SHA') as port:
        document = one(padlock, port, '--trust', leaves['authority'])
        # They are none the worse for it: Node.js 0.10 falls over a close_notify in the middle of a handshake.
        assert one(padlock, port, '--certificates', '--trust', leaves['authority'])
    assert document['features']['client_renegotiation'] and not document['features']['insecure_renegotiation']
    assert renegotiation(document) == {'scan.client_renegotiation'}


# --- Bleichenbacher's attack ---------------------------------------------------------------------


def test_a_server_that_tells_right_padding_from_wrong(padlock, leaves):
    with peers.old_tls_js(leaves['rsa']) as port:
        document = one(padlock, port, '--trust', leaves['authority'])
    assert document['attacks']['ROBOT'] == 'vulnerable' and document['grade']['letter'] == 'F'
    assert 'scan.robot' in codes(document)
    # It does not know RFC 5746, and refuses clients that want another handshake.
    assert renegotiation(document) == {'scan.no_secure_renegotiation'}


@pytest.mark.timeout(300)
def test_servers_that_do_not(padlock, leaves, tmp_path):
    file = tmp_path / 'testssl.json'
    with peers.s_server(leaves['rsa'], '-tls1_2', '-cipher', 'AES128-SHA:@SECLEVEL=0') as port:
        assert one(padlock, port, '--trust', leaves['authority'])['attacks']['ROBOT'] == 'safe'
    with peers.s_server(leaves['rsa'], '-tls1_3') as port:
        assert one(padlock, port, '--trust', leaves['authority'])['attacks']['ROBOT'] == 'untested'
    more = 'ssl_ciphers "ALL:COMPLEMENTOFALL:@SECLEVEL=0"; ssl_protocols TLSv1 TLSv1.1 TLSv1.2;'
    with peers.nginx(tmp_path / 'nginx', leaves['rsa'], more) as port:
        document = one(padlock, port, '--trust', leaves['authority'])
        clients.run('testssl', '--quiet', '--color', '0', '--warnings', 'batch', '--robot', '--jsonfile', file,
                    '--ip', '127.0.0.1', f'{HOST}:{port}', check=False, timeout=280)
    found, = (entry for entry in json.loads(file.read_text(encoding='utf-8')) if entry['id'] == 'ROBOT')
    assert document['attacks']['ROBOT'] == 'safe' and 'scan.static_exchange' in codes(document)
    assert found['severity'] == 'OK', found


@pytest.mark.parametrize('option, outcome', [('-verify', 'safe'), ('-Verify', 'untested')])
def test_servers_that_want_a_certificate(padlock, leaves, option, outcome):
    """We have none: one that goes on without sees the blocks, one that insists never does."""
    with peers.s_server(leaves['rsa'], '-tls1_2', '-cipher', 'AES128-SHA:@SECLEVEL=0', option, '1') as port:
        assert one(padlock, port, '--trust', leaves['authority'])['attacks']['ROBOT'] == outcome


# --- servers of the past -------------------------------------------------------------------------

OLD = [
    # node, method, ciphers, versions, attacks that work
    ('0.8.6', '', 'ALL:SSLv2', {'SSL 2.0', 'SSL 3.0', 'TLS 1.0'}, {'DROWN', 'POODLE', 'CCS injection', 'Sweet32', 'RC4', 'BEAST'}),
    ('0.10.0', '', 'ALL:SSLv2', {'SSL 2.0', 'SSL 3.0', 'TLS 1.0', 'TLS 1.1', 'TLS 1.2'},
     {'DROWN', 'POODLE', 'CCS injection', 'Heartbleed', 'Sweet32', 'RC4', 'BEAST'}),
    ('0.10.0', 'SSLv3_method', 'RC4-SHA', {'SSL 3.0'}, {'POODLE', 'CCS injection', 'RC4'}),
    ('0.12.0', '', 'AES128-SHA:DES-CBC3-SHA', {'TLS 1.0', 'TLS 1.1', 'TLS 1.2'}, {'Sweet32', 'BEAST'}),
    ('4.0.0', '', '', {'TLS 1.0', 'TLS 1.1', 'TLS 1.2'}, {'BEAST', 'Sweet32'}),
]


@pytest.mark.parametrize('node, method, ciphers, versions, attacks', OLD)
def test_servers_of_the_past(padlock, leaves, node, method, ciphers, versions, attacks):
    with peers.old_node(node, leaves['rsa'], method, ciphers) as port:
        document = one(padlock, port, '--trust', leaves['authority'])
    assert spoken(document) == versions
    assert {name for name, outcome in document['attacks'].items() if outcome == 'vulnerable'} == attacks
    assert document['attacks']['ROBOT'] == 'safe'
    assert all(finding['sentence'] and (finding['mend'] or finding['elsewhere']) for finding in document['findings'])
    if 'SSL 3.0' in versions:
        assert document['grade']['letter'] in 'CF'


def test_keys_of_512_bits(padlock, leaves):
    """FREAK: the certificate's own key is as weak as one for export."""
    with peers.old_node('0.12.0', leaves['rsa512'], '', 'EXP-RC4-MD5:AES128-SHA') as port:
        document = one(padlock, port, '--trust', leaves['authority'], code=1)
    assert document['attacks']['FREAK'] == 'vulnerable'
    assert {'scan.export_rsa', 'scan.cert_weak_key'} <= codes(document)
    assert document['chains'][0]['key_weakness'] == 'pki.key.weak.size' and document['grade']['letter'] == 'F'


# RFC 2409 §6.2
OAKLEY_1024 = '''-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
'''


def test_a_small_field(padlock, leaves, tmp_path):
    """OpenSSL has refused to serve fields of 512 bits since Logjam: those are for the unit tests."""
    field = tmp_path / 'dh.pem'
    field.write_text(OAKLEY_1024, encoding='ascii')
    with peers.s_server(leaves['rsa'], '-tls1_2', '-cipher', 'DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0',
                        '-dhparam', field) as port:
        document = one(padlock, port, '--trust', leaves['authority'])
    assert 'scan.small_dh' in codes(document) and document['dh_bits'] == 1024
    assert (document['attacks']['Logjam'], document['grade']['letter']) == ('safe', 'B')


@pytest.mark.parametrize('make, code', [(foreign.roca_key, 'pki.key.weak.roca'),
                                        (foreign.close_primes_key, 'pki.key.weak.close_primes')])
def test_weak_keys_are_recognised(padlock, tmp_path, make, code):
    key = make(tmp_path / 'weak.key') or tmp_path / 'weak.key'
    foreign.self_signed(tmp_path / 'weak.pem', key, f'/CN={HOST}', '-addext', f'subjectAltName=DNS:{HOST}')
    with peers.s_server(tmp_path / 'weak.pem') as port:
        document = one(padlock, port, code=1)
    assert document['chains'][0]['key_weakness'] == code and 'scan.cert_weak_key' in codes(document)


# --- certificates, clients, STARTTLS -------------------------------------------------------------


def test_certificates_of_every_name(store, server):
    port, = free_ports(1)
    serving.bind(store, port, HOST)
    serving.bind(store, port, 'other.example.com', key='rsa:2048')
    server('--quiet')
    said = store.attempt('--json', 'scan', f'127.0.0.1:{port}', '--sni', HOST, '--sni', 'other.example.com')
    document, = said.json['listeners']
    shown = {tuple(chain['names']): chain['certificates'][0]['key'] for chain in document['chains']}
    assert {name for key in shown for name in key} == {HOST, 'other.example.com', ''}
    assert 'RSA 2048' in shown.values() and 'ECDSA P-256' in shown.values()


def test_faults_of_certificates(padlock, leaves):
    with peers.s_server(leaves['rsa']) as port:
        document = one(padlock, port, code=1)
        assert 'scan.cert_untrusted' in codes(document) and document['grade']['letter'] == 'T'
        wrong, = padlock.attempt('--json', 'scan', f'127.0.0.1:{port}', '--sni', 'wrong.example.com', '--trust',
                                 leaves['authority']).json['listeners']
    assert 'scan.cert_name' in codes(wrong) and wrong['grade']['letter'] == 'M'


def test_clients_are_asked_for_certificates(padlock, leaves):
    with peers.s_server(leaves['rsa'], '-verify', '1', '-CAfile', leaves['authority']) as port:
        document = one(padlock, port, '--trust', leaves['authority'])
    assert document['asks_for_certificate'] is True
    assert document['certificate_authorities'] == ['CN=Foreign CA Root'] or document['certificate_authorities']


@pytest.mark.parametrize('protocol', ['smtp', 'imap', 'postgres'])
def test_starttls(padlock, leaves, protocol):
    with plain_then_tls.serving_all(protocol, leaves['rsa']) as port:
        document = one(padlock, port, '--starttls', protocol, '--trust', leaves['authority'])
    assert document['starttls'] == protocol and 'TLS 1.3' in spoken(document)
    assert document['chains'][0]['certificates'][0]['key'] == 'RSA 2048'


def test_sql_server(padlock, leaves):
    with plain_then_tls.serving_all('mssql', leaves['rsa']) as port:
        document = one(padlock, port, '--starttls', 'mssql', '--trust', leaves['authority'])
    assert spoken(document) == {'TLS 1.2'} and ('TLS 1.2', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384') in suites(document)
    assert document['resumption']['tickets'] and document['attacks']['ROBOT'] == 'safe'
    assert document['chains'][0]['certificates'][0]['key'] == 'RSA 2048'


@pytest.mark.parametrize('records, found, proven', [
    (['www IN A 127.0.0.1', '@ IN CAA 0 issue "ca.example"', '@ IN CAA 128 iodef "mailto:a@b"'],
     {'0 issue "ca.example"', '128 iodef "mailto:a@b"'}, True),
    (['www IN A 127.0.0.1'], set(), True)])
def test_who_may_issue(padlock, leaves, tmp_path, records, found, proven):
    anchor = name_server.sign(tmp_path / 'zone', records)
    with name_server.serving(tmp_path / 'zone') as address, peers.nginx(tmp_path / 'nginx', leaves['rsa']) as port:
        said = padlock.attempt('--json', 'scan', f'www.{name_server.ZONE}@127.0.0.1:{port}', '--caa', '--dns-server', address,
                               '--dns-anchor', anchor)
    document, = said.json['listeners']
    if found:
        assert set(document['caa']['records']) == found and document['caa']['name'] == name_server.ZONE
        assert document['caa']['is_proven'] == proven
    # Above the zone nobody answers here, so nobody knows whether there are none.
    assert ('scan.no_caa' in codes(document)) == (document.get('caa', {'records': [1]})['records'] == [])


# --- what is not as it should be -----------------------------------------------------------------


def babbling(answer):
    """A server that says the same to everyone."""
    listener = socket.create_server(('127.0.0.1', 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if answer is not None:
                    connection.sendall(answer)
                connection.settimeout(2)
                try:
                    connection.recv(4096)
                    if answer is None:
                        time.sleep(2)
                except OSError:
                    pass
    threading.Thread(target=serve, daemon=True).start()
    return listener


HOSTILE = {
    'http': b'HTTP/1.1 400 Bad Request\r\n\r\n', 'ssh': b'SSH-2.0-OpenSSH_9.2\r\n',
    'endless record': b'\x16\x03\x03\xff\xff' + b'\x02' * 70000,
    'broken hello': b'\x16\x03\x03\x00\x08\x02\x00\x00\x04\x03\x03\x00\x00',
    'empty certificate': b'\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03' + bytes(32) + b'\x00\xc0\x2f\x00' + bytes(8),
    'zeros': bytes(200), 'closes': b'',
}


@pytest.mark.parametrize('what', HOSTILE)
def test_what_does_not_speak_tls(padlock, what):
    listener = babbling(HOSTILE[what])
    with listener:
        port = listener.getsockname()[1]
        document, = scan(padlock, port, '--timeout', '2s', code=1)
    assert document['state'] in ('not_tls', 'finished')
    assert not [version for version in document.get('versions', []) if version['is_spoken'] and version.get('suites')]


def test_more_than_can_be_told(padlock, tmp_path):
    """Whatever one listener shows, the scan of the others goes on: long names, and more of them than are read."""
    key = foreign.key(tmp_path / 'key')
    long = '.'.join('a' * 55 for _ in range(4))
    for name, count in ('large', 900), ('many', 4000):
        names = ','.join(f'DNS:{number}{long if count == 900 else ""}.example.com' for number in range(count))
        configuration = tmp_path / f'{name}.cnf'
        configuration.write_text(f'[req]\ndistinguished_name=dn\n[dn]\n[x]\nsubjectAltName={names}\n', encoding='ascii')
        foreign.self_signed(tmp_path / f'{name}.pem', key, f'/CN={HOST}', '-config', configuration, '-extensions', 'x')
        clients.run('cp', key, tmp_path / f'{name}.key')
    with peers.s_server(tmp_path / 'large.pem') as large, peers.s_server(tmp_path / 'many.pem') as many:
        for options in (), ('--certificates',):
            said = padlock.attempt('--json', 'scan', f'{HOST}@127.0.0.1:{large}', f'{HOST}@127.0.0.1:{many}', *options)
            found = {document['port']: document for document in said.json['listeners']}
            assert found[large]['state'] == found[many]['state'] == 'finished'
            assert found[large]['is_shortened'] and 'scan.cert_untrusted' in codes(found[large])
            assert 'scan.cert_other' in codes(found[many]) or found[many]['chains']
    padlock.fails(2, 'cli.option.value', 'scan', '127.0.0.1', '--sni', 'bücher.example')


def test_who_is_not_there_or_silent(padlock):
    port, = free_ports(1)
    document, = scan(padlock, port, code=1)
    assert document['state'] == 'unreachable' and document['connections'] == 1
    with socket.create_server(('127.0.0.1', 0)) as silent:
        document, = scan(padlock, silent.getsockname()[1], '--timeout', '1s', code=1)
    assert document['state'] == 'not_tls' and document['connections'] == 2
    document, = scan(padlock, 'no-such-name.invalid', code=1)
    assert document['state'] == 'unreachable'


@pytest.mark.parametrize('target', ['', 'a b', 'x:0', 'x:65536', '192.0.2.1/33', '192.0.2.9-3', '-x:1', 'x:1,', 'a/b'])
def test_targets_that_are_none(padlock, target):
    padlock.fails(1, 'inspect.target', 'scan', '--', target)


def test_nothing_to_scan(padlock):
    said = padlock.fails(2, 'cli.argument.missing', 'scan')
    assert 'padlock scan 192.0.2.0/24' in said.err
    padlock.fails(1, 'base.limit', 'scan', '10.0.0.0/8')


# --- many ----------------------------------------------------------------------------------------


@pytest.fixture
def everywhere(store, server):
    """A server at one port of all of 127.0.0.0/8."""
    port, = free_ports(1)
    name = serving.certificate(store, HOST)
    serving.site(store, 'all')
    store.run('bind', 'add', 'all', f'https://0.0.0.0:{port}', '--host', HOST, '--cert', name, '--no-wait')
    server('--quiet')
    return port


def test_certificates_alone(store, everywhere, tmp_path):
    targets = tmp_path / 'targets'
    targets.write_text(f'# what we have\n127.0.1.0/24:{everywhere}  127.0.2.1-9:{everywhere}\n', encoding='ascii')
    documents = store.attempt('--json', 'scan', '--file', targets, '--sni', HOST, '--certificates').json['listeners']
    assert len(documents) == 265 and {document['state'] for document in documents} == {'finished'}
    assert {document['connections'] for document in documents} == {1}
    assert len({document['target'] for document in documents}) == 265
    assert {document['chains'][0]['certificates'][0]['names'][0] for document in documents} == {HOST}
    lines = store.run('scan', f'127.0.1.1:{everywhere}', '--sni', HOST, '--certificates').out.splitlines()
    assert len(lines) == 1 and lines[0].startswith(f'127.0.1.1:{everywhere} ')


def test_a_scan_is_taken_up_again(store, everywhere, tmp_path):
    results = tmp_path / 'results.jsonl'
    command = ('scan', f'127.0.3.0/25:{everywhere}', '--sni', HOST, '--certificates', '--results', results, '--quiet')
    process = subprocess.Popen(store.command(*command, '--rate', '60'), env=store.environment, cwd=store.folder)
    clients.wait_until(lambda: results.exists() and results.read_bytes().count(b'\n') > 20)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    before = results.read_bytes()
    assert 20 < before.count(b'\n') < 128
    with open(results, 'ab') as file:
        file.write(b'{"target":"127.0.3.127')
    said = store.run('--json', *command)
    assert said.json['count'] == 128
    after = results.read_bytes()
    assert after.startswith(before[:before.rindex(b'\n') + 1])
    targets = [json.loads(line)['target'] for line in after.splitlines()]
    assert len(targets) == 128 == len(set(targets))
    assert os.stat(results).st_mode & 0o777 == 0o600
    results.write_text('no json\n', encoding='ascii')
    store.fails(1, 'codec.json.syntax', *command)


def test_pace(store, everywhere):
    started = time.monotonic()
    store.attempt('scan', f'127.0.4.0/27:{everywhere}', '--sni', HOST, '--certificates', '--rate', '20', '--quiet')
    assert time.monotonic() - started > 1.2


# --- what is seen, loaded and stored -------------------------------------------------------------


def lanes(store, *options):
    return {entry['listener']: entry for entry in store.json('inventory', 'list', *options)}


def test_inventory(store, server, leaves):
    first, second = free_ports(2)
    serving.bind(store, first, HOST)
    serving.bind(store, second, 'other.example.com')
    server('--quiet')
    with peers.s_server(leaves['ec']) as foreign_port:
        store.run('scan', '--inventory', '--quiet')
        store.attempt('scan', '--inventory', f'{HOST}@127.0.0.1:{foreign_port}', '--quiet')
        seen = lanes(store)
        own, other = f'{HOST}@127.0.0.1:{first}', f'other.example.com@127.0.0.1:{second}'
        assert set(seen) == {own, other, f'{HOST}@127.0.0.1:{foreign_port}'}
        assert seen[own]['lane'] == 'same' and seen[own]['stored'] == seen[own]['served'] == f'{HOST} ec:p256'
        assert seen[own]['servers'] == seen[own]['servers_loaded'] == 1
        assert seen[f'{HOST}@127.0.0.1:{foreign_port}']['lane'] == 'foreign'
        assert not lanes(store, '--differing')
    # Another certificate is bound; what was seen is the old one until somebody looks again.
    store.run('request', 'new', HOST, '--out', 'new.csr', '--force')
    issued = store.json('ca', 'issue', 'new.csr')
    store.run('ca', 'fetch', issued['id'], '--format', 'p7b', '--out', 'new.p7b')
    store.run('cert', 'install', 'new.p7b', '--name', 'newer')
    store.run('cert', 'replace', f'{HOST} ec:p256', 'newer')
    differing = lanes(store, '--differing')
    assert set(differing) == {own} and differing[own]['lane'] == 'different'
    assert (differing[own]['stored'], differing[own]['served']) == ('newer', f'{HOST} ec:p256')
    assert 'not what is stored: newer' in store.run('inventory', 'list', '--differing').out
    store.run('scan', '--inventory', '--quiet')
    assert not lanes(store, '--differing') and lanes(store)[own]['served'] == 'newer'
    store.run('inventory', 'forget', other)
    assert other not in lanes(store)
    store.fails(4, 'ops.inventory.missing', 'inventory', 'forget', other)


def test_what_is_gone_keeps_what_was_seen(store, leaves):
    with peers.s_server(leaves['rsa']) as port:
        store.attempt('scan', '--inventory', f'{HOST}@127.0.0.1:{port}', '--quiet')
    store.attempt('scan', '--inventory', f'{HOST}@127.0.0.1:{port}', '--quiet')
    entry, = lanes(store, '--differing').values()
    assert entry['state'] == 'unreachable' and entry['subject'] and entry['seen'] < entry['tried'] or entry['seen']
    assert 'cannot be reached now' in store.run('inventory', 'list').out


def test_inventory_needs_a_store(padlock):
    said = padlock.fails(2, 'cli.option.value', 'scan', '127.0.0.1', '--inventory')
    assert 'padlock init' in said.err


def test_a_name_of_the_target_s_own(padlock, leaves):
    with peers.nginx(padlock.folder / 'nginx', leaves['rsa']) as port:
        said = padlock.attempt('--json', 'scan', f'{HOST}@127.0.0.1:{port}', '--trust', leaves['authority'])
    document, = said.json['listeners']
    assert document['target'] == f'{HOST}@127.0.0.1:{port}' and 'scan.cert_name' not in codes(document)


# --- what is printed -----------------------------------------------------------------------------


def test_text(padlock, leaves):
    with peers.s_server(leaves['rsa']) as port:
        said = padlock.attempt('scan', f'127.0.0.1:{port}', '--sni', HOST)
        brief = padlock.attempt('scan', f'127.0.0.1:{port}', '--sni', HOST, '--brief').out
    for part in ('grade T', 'TLS_AES_256_GCM_SHA384', 'critical', '[scan.cert_untrusted]', 'padlock trust install',
                 '✓ Heartbleed', 'x25519'):
        assert part in said.out, said.out
    assert 'TLS_AES_256_GCM_SHA384' not in brief and '[scan.cert_untrusted]' in brief


def test_bytes_of_servers_do_not_reach_the_terminal(padlock, tmp_path):
    key = foreign.key(tmp_path / 'evil.key')
    foreign.self_signed(tmp_path / 'evil.pem', key, '/CN=\x1b[31mred\x07')
    with peers.s_server(tmp_path / 'evil.pem') as port:
        for options in (), ('--certificates',):
            assert '\x1b' not in padlock.attempt('scan', f'127.0.0.1:{port}', *options).out


def test_the_report_in_a_browser(padlock, leaves, tmp_path):
    page = tmp_path / 'report.html'
    with peers.s_server(leaves['rsa']) as port:
        padlock.attempt('scan', f'127.0.0.1:{port}', f'127.0.0.1:{free_ports(1)[0]}', '--sni', HOST, '--html', page)
        padlock.fails(3, 'sys.file.exists', 'scan', f'127.0.0.1:{port}', '--html', page)
    with clients.browser(tmp_path / 'home') as chromium:
        assert chromium.open(page.as_uri()) is None
        assert '2\nlisteners' in chromium.text and 'cannot be reached' in chromium.text
        first = chromium.driver.find_element('css selector', '.host > summary')
        first.click()
        clients.wait_until(lambda: 'TLS_AES_256_GCM_SHA384' in chromium.text)
        assert 'padlock trust install' in chromium.text
        box = chromium.driver.find_element('id', 'filter')
        box.send_keys('unreachable')
        clients.wait_until(lambda: '1 of 2' in chromium.text)
