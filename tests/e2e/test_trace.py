"""padlock trace: others' servers in every version, every exchange; failures; what is printed."""
import hashlib
import os
import pathlib
import re
import socket
import subprocess
import threading

import pytest

import clients
import foreign
import peers
import plain_then_tls
from program import free_ports
from serving import bind

HOST = 'www.example.com'
WEAK = ('-cipher', 'ALL:@SECLEVEL=0')


@pytest.fixture(scope='session')
def leaves(tmp_path_factory):
    """A certificate with an RSA key and one with an EC key, of a CA of their own."""
    folder = tmp_path_factory.mktemp('leaves')
    authority = foreign.Authority(folder / 'authority')
    made = {}
    for name, options in {'rsa': ('-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'), 'ec': ()}.items():
        key = foreign.key(folder / f'{name}.key', *options)
        foreign.csr(folder / f'{name}.csr', key, '/CN=x')
        made[name] = authority.sign(folder / f'{name}.csr', folder / f'{name}.pem', f'DNS:{HOST}',
                                    usage='serverAuth,clientAuth')
    made['authority'] = authority.certificate
    return made


def trace(padlock, port, *options, code=0):
    """The document, and that the program's exit code says the same."""
    said = padlock.attempt('--json', 'trace', f'127.0.0.1:{port}', '--host', HOST, *options)
    assert said.code == code, repr(said)
    return said.json


def one(padlock, port, *options, code=0):
    return trace(padlock, port, *options, code=code)['handshakes'][0]


def names(handshake):
    return [message['name'] for message in handshake['messages']]


def agreed(handshake, what):
    return handshake['agreed'][what]['name']


def assert_checked(handshake):
    """Both Finished messages, the records, nothing that failed, nothing that could not be read."""
    assert handshake['is_complete'] and 'failure' not in handshake
    checks = {check['name']: check['outcome'] for check in handshake['checks']}
    assert {'server Finished', 'client Finished', 'server keys'} <= set(checks)
    assert set(checks.values()) == {'pass'}
    assert not [m['name'] for m in handshake['messages'] if m.get('is_malformed')]
    # An empty record before the data is what servers of SSL 3.0 and TLS 1.0 do against BEAST.
    assert all(record['plain'] or record['type'] == 'application_data' for record in handshake['records'])


CASES = [
    # key, the server's options, ours, version, suite, group
    ('ec', (), (), 'TLS 1.3', None, 'x25519'),
    ('rsa', (), (), 'TLS 1.3', None, 'x25519'),
    ('rsa', ('-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'), (), 'TLS 1.3', 'TLS_CHACHA20_POLY1305_SHA256', None),
    ('ec', ('-groups', 'X448'), ('--version', '1.3'), 'TLS 1.3', None, 'x448'),
    ('rsa', ('-tls1_2',), (), 'TLS 1.2', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'x25519'),
    ('ec', ('-groups', 'P-521'), ('--version', '1.2'), 'TLS 1.2', None, 'secp521r1'),
    ('rsa', (), ('--version', '1.2', '--suites', 'TLS_RSA_WITH_AES_256_GCM_SHA384'), 'TLS 1.2',
     'TLS_RSA_WITH_AES_256_GCM_SHA384', None),
    ('rsa', (), ('--version', '1.2', '--suites', 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384'), 'TLS 1.2', None, 'x25519'),
    ('rsa', ('-no_etm',), ('--version', '1.2', '--suites', 'TLS_RSA_WITH_AES_128_CBC_SHA'), 'TLS 1.2', None, None),
    ('rsa', (), ('--version', '1.2', '--suites', 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'), 'TLS 1.2', None, None),
    ('ec', WEAK, ('--version', '1.2', '--suites', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'), 'TLS 1.2', None, None),
    ('rsa', WEAK, ('--version', '1.1'), 'TLS 1.1', None, None),
    ('rsa', WEAK, ('--version', '1.0'), 'TLS 1.0', None, None),
    ('ec', WEAK, ('--version', '1.0'), 'TLS 1.0', 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', None),
    ('rsa', WEAK, ('--version', '1.0', '--suites', 'TLS_RSA_WITH_AES_128_CBC_SHA'), 'TLS 1.0', None, None),
]


@pytest.mark.parametrize('key, theirs, ours, version, suite, group', CASES)
def test_openssl_s_server(padlock, leaves, key, theirs, ours, version, suite, group):
    with peers.s_server(leaves[key], *theirs) as port:
        handshake = one(padlock, port, *ours, '--no-request', '--trust', leaves['authority'])
    assert handshake['is_complete'], handshake.get('failure')
    assert {check['outcome'] for check in handshake['checks']} == {'pass'}
    assert agreed(handshake, 'version') == version
    assert suite is None or agreed(handshake, 'suite') == suite
    assert group is None or agreed(handshake, 'group') == group
    assert {check['check']: check['outcome'] for check in handshake['verification']}['issuer'] == 'pass'


@pytest.mark.parametrize('version', ['1.2', '1.3'])
def test_nginx_and_its_answer(padlock, leaves, tmp_path, version):
    with peers.nginx(tmp_path / 'nginx', leaves['ec']) as port:
        handshake = one(padlock, port, '--version', version, '--trust', leaves['authority'])
    assert_checked(handshake)
    data = [m['text'] for m in handshake['messages'] if m['name'] == 'Application data']
    assert data[0].startswith('HEAD / HTTP/1.1\r\nHost: www.example.com\r\n')
    assert data[1].startswith('HTTP/1.1 200 OK\r\n')
    assert handshake['agreed']['protocol'] == 'http/1.1'
    assert [flight['from'] for flight in handshake['flights']][:3] == ['client', 'server', 'client']


@pytest.mark.parametrize('version', ['1.2', '1.3'])
def test_resumption(padlock, leaves, tmp_path, version):
    with peers.nginx(tmp_path / 'nginx', leaves['rsa']) as port:
        first, second = trace(padlock, port, '--version', version, '--resume')['handshakes']
    for handshake in first, second:
        assert_checked(handshake)
    assert 'Certificate' in names(first) and 'Certificate' not in names(second)
    assert second['agreed']['is_resumed'] and not first['agreed']['is_resumed']


def early(padlock, port, *options):
    first, second = trace(padlock, port, '--early', *options)['handshakes']
    for handshake in first, second:
        assert handshake['is_complete'] and {check['outcome'] for check in handshake['checks']} == {'pass'}
    assert second['agreed']['is_resumed'] and 'has_early_data' not in first['agreed']
    sent = [m for m in second['messages'] if m['name'] == 'Application data' and m['from'] == 'client']
    answers = [m['text'] for m in second['messages'] if m['name'] == 'Application data' and m['from'] == 'server']
    return second, sent, answers


def test_a_request_sent_ahead(padlock, leaves, tmp_path):
    with peers.nginx(tmp_path / 'nginx', leaves['ec'], 'ssl_early_data on;') as port:
        second, sent, answers = early(padlock, port)
    assert_checked(second)
    assert second['agreed']['has_early_data'] and 'EndOfEarlyData' in names(second)
    assert [m['keys'] for m in sent] == ['early'] and sent[0]['step'] == 1
    assert answers[0].startswith('HTTP/1.1 200 OK\r\n')
    assert 'client_early_traffic_secret' in [secret['name'] for secret in second['secrets']]
    assert any(line.startswith('CLIENT_EARLY_TRAFFIC_SECRET ') for line in second['key_log'])


def test_a_request_sent_ahead_in_vain(padlock, leaves):
    # Tickets that allow it, and a server that does not take it.
    with peers.s_server(leaves['ec'], '-max_early_data', '10000') as port:
        second, sent, _ = early(padlock, port)
    assert second['agreed']['has_early_data'] is False and 'EndOfEarlyData' not in names(second)
    assert [m['keys'] for m in sent] == ['early', 'data'] and sent[0]['text'] == sent[1]['text']


def test_a_second_hello_after_what_went_ahead(padlock, leaves, tmp_path):
    with peers.nginx(tmp_path / 'nginx', leaves['ec'], 'ssl_early_data on; ssl_ecdh_curve secp384r1;') as port:
        second, sent, answers = early(padlock, port)
    assert names(second)[3] == 'HelloRetryRequest' and second['agreed']['was_retried']
    assert second['agreed']['has_early_data'] is False and [m['keys'] for m in sent] == ['early', 'data']
    hellos = [m for m in second['messages'] if m['name'] == 'ClientHello']
    assert [any(f.get('value') == 'early_data' for f in m['fields']) for m in hellos] == [True, False]
    assert answers[0].startswith('HTTP/1.1 200 OK\r\n')


def test_a_server_that_wants_a_new_handshake(padlock, leaves):
    port = free_ports(1)[0]
    command = ['openssl', 's_server', '-accept', f'127.0.0.1:{port}', '-cert', leaves['ec'], '-key', leaves['ec'].with_suffix('.key'),
               '-tls1_2', '-naccept', '1']
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = b''
    while b'ACCEPT' not in said:
        said += os.read(process.stdout.fileno(), 4096)

    def ask_again():
        heard = b''
        while b'HEAD /' not in heard:
            heard += os.read(process.stdout.fileno(), 4096)
        process.stdin.write(b'r\n')
        process.stdin.flush()
    asking = threading.Thread(target=ask_again, daemon=True)
    asking.start()
    try:
        handshake = one(padlock, port)
    finally:
        process.kill()
        process.wait(20)
    assert handshake['is_complete']
    request = next(m for m in handshake['messages'] if m['name'] == 'HelloRequest')
    assert 'renegotiation' in request['why'] and request['keys'] == 'data'
    alerts = [m['alert'] for m in handshake['messages'] if m['kind'] == 'alert' and m['from'] == 'client']
    assert alerts[0] == 'no_renegotiation'
    outcomes = {check['name']: check['outcome'] for check in handshake['checks']}
    assert outcomes['secure renegotiation'] == 'pass'
    assert outcomes['renegotiation'] == 'unknown'  # OpenSSL's server ends the connection


def test_nothing_goes_ahead_where_it_may_not(padlock, leaves, tmp_path):
    with peers.nginx(tmp_path / 'nginx', leaves['ec']) as port:
        second, sent, _ = early(padlock, port)
    assert 'has_early_data' not in second['agreed'] and [m['keys'] for m in sent] == ['data']


def test_resumption_by_session_id(padlock, leaves, tmp_path):
    with peers.nginx(tmp_path / 'nginx', leaves['rsa'], 'ssl_session_tickets off;') as port:
        first, second = trace(padlock, port, '--version', '1.2', '--resume')['handshakes']
    assert 'NewSessionTicket' not in names(first)
    assert_checked(second)
    assert second['agreed']['is_resumed']


def test_a_second_hello_and_new_keys(padlock, leaves, tmp_path):
    with peers.nginx(tmp_path / 'nginx', leaves['ec'], 'ssl_ecdh_curve secp384r1;') as port:
        handshake = one(padlock, port, '--key-update')
    assert_checked(handshake)
    assert names(handshake)[1] == 'HelloRetryRequest' and names(handshake).count('ClientHello') == 2
    assert names(handshake).count('KeyUpdate') == 2
    assert agreed(handshake, 'group') == 'secp384r1'


def test_a_compressed_certificate(padlock, leaves):
    with peers.s_server(leaves['rsa'], '-cert_comp', openssl=peers.newer_openssl()) as port:
        plain = one(padlock, port, '--no-request', '--trust', leaves['authority'])
        packed = one(padlock, port, '--no-request', '--trust', leaves['authority'], '--compress')
    for handshake in plain, packed:
        assert handshake['is_complete'] and {check['outcome'] for check in handshake['checks']} == {'pass'}
        assert not [m for m in handshake['messages'] if m.get('is_malformed')]
    assert 'CompressedCertificate' not in names(plain) and 'Certificate' not in names(packed)
    message = next(m for m in packed['messages'] if m['name'] == 'CompressedCertificate')
    whole = next(m for m in plain['messages'] if m['name'] == 'Certificate')
    assert {f['name']: f.get('value') for f in message['fields']}['algorithm'] == 'zstd (3)'
    assert message['length'] < whole['length']
    assert packed['certificates'] == plain['certificates']
    check = next(c for c in packed['checks'] if c['name'] == 'compressed certificate')
    assert f'became {whole["length"] - 4} again' in check['sentence']
    offered = next(m for m in packed['messages'] if m['name'] == 'ClientHello')['fields']
    assert [f['value'] for f in offered if f['name'] == 'algorithm'] == ['brotli (2)', 'zstd (3)', 'zlib (1)']


MTLS = 'ssl_client_certificate {}; ssl_verify_client on;'


@pytest.mark.parametrize('version', ['1.2', '1.3'])
@pytest.mark.parametrize('key', ['rsa', 'ec'])
def test_client_certificate(padlock, leaves, tmp_path, version, key):
    with peers.nginx(tmp_path / 'nginx', leaves['ec'], MTLS.format(leaves['authority'])) as port:
        handshake = one(padlock, port, '--version', version, '--cert', leaves[key],
                        '--key', leaves[key].with_suffix('.key'))
        bare = one(padlock, port, '--version', version)
    assert_checked(handshake)
    assert handshake['agreed']['sent_certificate'] and names(handshake).count('CertificateVerify') >= 1
    answer = [m['text'] for m in handshake['messages'] if m['name'] == 'Application data'][1]
    assert answer.startswith('HTTP/1.1 200')
    assert bare['agreed']['asks_for_certificate'] and not bare['agreed']['sent_certificate']
    assert 'HTTP/1.1 400' in [m['text'] for m in bare['messages'] if m['name'] == 'Application data'][1]


def test_our_own_server(store, server, ports):
    port = ports(1)[0]
    bind(store, port, 'shop.internal')
    server()
    said = store.json('trace', f'127.0.0.1:{port}', '--host', 'shop.internal')
    handshake = said['handshakes'][0]
    assert_checked(handshake)
    assert agreed(handshake, 'version') == 'TLS 1.3'
    outcomes = {check['check']: check['outcome'] for check in handshake['verification']}
    assert outcomes['issuer'] == 'pass' and outcomes['name'] == 'pass'
    told = [secret['name'] for secret in handshake['secrets']]
    if agreed(handshake, 'group') == 'X25519MLKEM768':
        assert 'kem_secret' in told and 'shared_secret' in told
    assert 'master_secret' in told


OLD = [
    # Node.js, its method and ciphers, ours, version, suite
    ('0.8.6', 'SSLv3_method', '', ('--version', 'ssl3'), 'SSL 3.0', 'TLS_RSA_WITH_AES_128_CBC_SHA'),
    ('0.10.0', 'SSLv3_method', 'RC4-MD5', ('--version', 'ssl3'), 'SSL 3.0', 'TLS_RSA_WITH_RC4_128_MD5'),
    ('0.10.0', 'SSLv3_method', 'DES-CBC3-SHA', ('--version', 'ssl3'), 'SSL 3.0', 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'),
    ('0.8.6', 'SSLv3_method', 'DES-CBC-SHA', ('--version', 'ssl3'), 'SSL 3.0', 'TLS_RSA_WITH_DES_CBC_SHA'),
    ('0.8.6', 'SSLv23_method', '', (), 'TLS 1.0', 'TLS_RSA_WITH_AES_128_CBC_SHA'),
    ('0.10.0', 'TLSv1_method', 'RC4-SHA', ('--version', '1.0'), 'TLS 1.0', 'TLS_RSA_WITH_RC4_128_SHA'),
    ('0.12.0', 'TLSv1_method', 'ECDHE-RSA-DES-CBC3-SHA', ('--version', '1.0'), 'TLS 1.0',
     'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA'),
    ('0.10.0', 'SSLv23_method', '', ('--version', '1.1'), 'TLS 1.1', 'TLS_RSA_WITH_AES_128_CBC_SHA'),
    ('4.0.0', 'SSLv23_method', '', (), 'TLS 1.2', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'),
]


@pytest.mark.parametrize('node, method, ciphers, ours, version, suite', OLD)
def test_servers_of_the_article_s_time(padlock, leaves, node, method, ciphers, ours, version, suite):
    with peers.old_node(node, leaves['rsa'], method, ciphers) as port:
        handshake = one(padlock, port, *ours)
    assert_checked(handshake)
    assert (agreed(handshake, 'version'), agreed(handshake, 'suite')) == (version, suite)
    told = {secret['name']: secret for secret in handshake['secrets']}
    assert len(told['master_secret']['output']) == 96
    assert len(told['server_verify_data']['output']) == (72 if version == 'SSL 3.0' else 24)
    data = [m['text'] for m in handshake['messages'] if m['name'] == 'Application data']
    assert 'HTTP/1.1 200 OK' in data[-1]


def test_an_old_session_resumed(padlock, leaves):
    with peers.old_node('0.12.0', leaves['rsa']) as port:
        first, second = trace(padlock, port, '--version', '1.1', '--resume')['handshakes']
    assert_checked(first)
    assert_checked(second)
    assert second['agreed']['is_resumed']


FAILURES = [
    # the server's options, ours, alert, field
    (('-tls1_3',), ('--version', '1.2'), 'protocol_version', 'supported_versions'),
    (('-tls1_2', '-cipher', 'ECDHE-RSA-AES256-GCM-SHA384'),
     ('--version', '1.2', '--suites', 'TLS_RSA_WITH_AES_128_CBC_SHA'), 'handshake_failure', 'cipher_suites'),
    (('-groups', 'P-521'), ('--version', '1.3', '--groups', 'x25519'), 'handshake_failure', 'cipher_suites'),
    (('-Verify', '1', '-verify_return_error'), ('--version', '1.3'), 'certificate_required', 'certificate_list'),
    (('-Verify', '1', '-verify_return_error'), ('--version', '1.2'), 'handshake_failure', 'certificate_list'),
]


@pytest.mark.parametrize('theirs, ours, alert, field', FAILURES)
def test_failures_name_the_field(padlock, leaves, theirs, ours, alert, field):
    with peers.s_server(leaves['rsa'], *theirs) as port:
        handshake = one(padlock, port, *ours, code=1)
        text = padlock.attempt('trace', f'127.0.0.1:{port}', '--host', HOST, *ours)
    failure = handshake['failure']
    assert (failure['code'], failure['by'], failure['alert'], failure['field']) == ('observe.alert', 'server', alert, field)
    assert failure['meaning'] and not handshake['is_complete']
    assert text.code == 1 and alert in text.out and field in text.out


@pytest.mark.parametrize('answer, code', [
    (b'HTTP/1.1 400 Bad Request\r\n\r\n', 'observe.not_tls'),
    (b'220 mail.example.com ESMTP\r\n', 'observe.not_tls'),
    (b'', 'observe.closed'),
    (b'\x16\x03\x03\xff\xff', 'observe.malformed'),
    (b'\x16\x03\x03\x00\x04\x0e\x00\x00\x00', 'observe.unexpected'),
])
def test_servers_that_are_none(padlock, answer, code):
    listener = socket.create_server(('127.0.0.1', 0))

    def serve():
        connection, _ = listener.accept()
        connection.recv(4096)
        connection.sendall(answer)
        connection.close()
    threading.Thread(target=serve, daemon=True).start()
    handshake = one(padlock, listener.getsockname()[1], code=1)
    listener.close()
    assert handshake['failure']['code'] == code


def test_no_server(padlock):
    padlock.fails(5, 'tls.look.connect', 'trace', f'127.0.0.1:{free_ports(1)[0]}')
    padlock.fails(5, 'tls.look.resolve', 'trace', 'nothing.invalid')


def test_words_that_mean_nothing(padlock, leaves):
    padlock.fails(1, 'inspect.target', 'trace', 'a:b')
    padlock.fails(1, 'inspect.option', 'trace', 'a', '--version', '9')
    padlock.fails(1, 'inspect.option', 'trace', 'a', '--suites', 'TLS_NONE')
    padlock.fails(2, 'cli.argument.missing', 'trace')
    padlock.fails(2, 'cli.argument.surplus', 'trace', 'a', '--lab', 'rsa')
    with peers.s_server(leaves['ec']) as port:
        padlock.fails(1, 'inspect.client_certificate', 'trace', f'127.0.0.1:{port}',
                      '--cert', leaves['rsa'], '--key', leaves['ec'].with_suffix('.key'))


@pytest.mark.parametrize('mode', ['rsa', 'ecdhe', 'tls13', 'mlkem', 'resume', 'hrr', 'mtls', 'early'])
def test_laboratory(padlock, mode):
    handshakes = padlock.json('trace', '--lab', mode)['handshakes']
    assert len(handshakes) == (2 if mode in ('resume', 'early') else 1)
    for handshake in handshakes:
        assert_checked(handshake)
        assert any(check['name'].startswith('the server') and check['step'] == 5 for check in handshake['checks'])


def test_the_nine_steps_on_a_terminal(padlock):
    text = padlock.run('trace', '--lab', 'rsa').out
    for number in range(1, 10):
        assert f'\n{number}  ' in text
    for word in 'ClientHello', 'pre_master_secret', 'decrypted_block', 'the server alone', 'master_secret', 'Flights':
        assert word in text
    assert all(len(line) <= 80 for line in text.splitlines())
    brief = padlock.run('trace', '--lab', 'rsa', '--brief').out
    assert len(brief) < len(text) / 4 and 'ClientKeyExchange' in brief
    assert len(padlock.run('trace', '--lab', 'rsa', '--bytes').out) > len(text)


@pytest.mark.parametrize('protocol', plain_then_tls.PROTOCOLS)
def test_starttls(padlock, leaves, protocol):
    with plain_then_tls.serving(protocol, leaves['ec']) as port:
        handshake = one(padlock, port, '--starttls', protocol)
    assert handshake['is_complete'], handshake.get('failure')
    spoken = [m for m in handshake['messages'] if m['kind'] == 'plain text']
    assert {m['from'] for m in spoken} == {'client', 'server'}
    assert all(m['keys'] == 'none' and m['step'] == 1 for m in spoken)
    assert 'Application data' not in names(handshake)


@pytest.mark.parametrize('protocol', plain_then_tls.PROTOCOLS)
def test_starttls_that_is_refused(padlock, leaves, protocol):
    with plain_then_tls.serving(protocol, leaves['ec'], says_yes=False) as port:
        handshake = one(padlock, port, '--starttls', protocol, code=1)
    assert handshake['failure']['code'] == 'inspect.starttls'
    assert 'ClientHello' not in names(handshake)


def test_freetds_speaks_with_our_sql_server(leaves, tmp_path):
    """So that the packets in which the tests' SQL Server has TLS are not our invention alone."""
    heard = []
    (tmp_path / 'freetds.conf').write_text('[global]\nencryption = require\ntds version = 7.4\n', encoding='ascii')
    tsql = peers.foreign_program('freetds-bin', 'usr/bin/tsql')
    with plain_then_tls.serving('mssql', leaves['rsa'], heard=heard) as port:
        subprocess.run([tsql, '-H', '127.0.0.1', '-p', str(port), '-U', 'x', '-P', 'y'], input=b'', timeout=60, check=False,
                       capture_output=True, env=dict(peers.foreign_libraries(), FREETDSCONF=str(tmp_path / 'freetds.conf')))
    login, = heard
    assert login[:1] == b'\x10', login  # LOGIN7, the first thing that is said inside of TLS


def test_a_session_of_sql_server_is_resumed(padlock, leaves):
    """The client's Finished comes last then, and still in a packet."""
    with plain_then_tls.serving_all('mssql', leaves['rsa']) as port:
        said = padlock.attempt('--json', 'trace', f'127.0.0.1:{port}', '--starttls', 'mssql', '--resume')
    first, second = said.json['handshakes']
    assert first['is_complete'] and second['is_complete'] and second['agreed']['is_resumed'], second


@pytest.mark.parametrize('mode', ['rsa', 'ecdhe', 'tls13', 'mlkem', 'resume', 'hrr', 'mtls', 'early'])
def test_wireshark_decrypts(padlock, tmp_path, mode):
    capture, log = tmp_path / 'a.pcapng', tmp_path / 'keys.log'
    padlock.run('trace', '--lab', mode, '--quiet', '--pcap', capture, '--keylog', log)
    assert capture.stat().st_mode & 0o777 == 0o600
    times = 2 if mode in ('resume', 'early') else 1

    def count(file, what, *options):
        told = clients.run('tshark', '-r', file, *options, '-Y', what, '-T', 'fields', '-e', 'frame.number', home=tmp_path)
        return len([line for line in told.splitlines() if line.strip().isdigit()])
    assert count(capture, 'http.request.method == "HEAD"') == times
    assert count(capture, 'http.response.code == 200') == times
    assert count(capture, 'tls.handshake.type == 20') == 2 * times
    assert count(capture, 'tls.handshake.type == 1') == (2 if mode in ('resume', 'hrr', 'early') else 1)
    assert count(capture, 'tcp.analysis.flags || _ws.malformed') == 0
    bare = tmp_path / 'bare.pcapng'
    clients.run('editcap', '--discard-all-secrets', capture, bare)
    assert count(bare, 'http') == 0
    assert count(bare, 'http', '-o', f'tls.keylog_file:{log}') >= 2 * times


@pytest.mark.parametrize('mode', ['rsa', 'ecdhe', 'tls13', 'hrr'])
def test_fingerprints_are_wireshark_s(padlock, tmp_path, mode):
    capture = tmp_path / 'a.pcapng'
    handshake = padlock.json('trace', '--lab', mode, '--pcap', capture)['handshakes'][0]
    told = clients.run('tshark', '-r', capture, '-Y', 'tls.handshake.type == 2', '-T', 'fields', '-E', 'separator=;',
                       *[word for field in ('ja3s', 'ja3s_full', 'ciphersuite', 'extension.type', 'extensions_alpn_str')
                         for word in ('-e', f'tls.handshake.{field}')], home=tmp_path)
    # What follows a TLS 1.3 ServerHello in its record's flight is decrypted, and has extensions of its own.
    ja3s, full, suite, extensions, protocol = [line for line in told.splitlines() if line.count(';') == 4][-1].split(';')
    prints = handshake['fingerprint']
    assert (prints['ja3s'], prints['ja3s_raw']) == (ja3s, full)
    count = len(full.split(',')[2].split('-'))
    listed = ','.join(f'{int(number):04x}' for number in full.split(',')[2].split('-'))
    assert extensions.split(',')[:count] == full.split(',')[2].split('-')
    digest = hashlib.sha256(listed.encode()).hexdigest()[:12]
    version = '13' if mode in ('tls13', 'hrr') else '12'
    inside = protocol[0] + protocol[-1] if version == '12' and protocol else '00'
    assert prints['ja4s'] == f't{version}{count:02}{inside}_{int(suite, 16):04x}_{digest}'
    assert prints['ja4s_raw'] == f't{version}{count:02}{inside}_{int(suite, 16):04x}_{listed}'
    for certificate in handshake['certificates']:
        parts = certificate['ja4x_raw'].split('_')
        assert certificate['ja4x'] == '_'.join(hashlib.sha256(part.encode()).hexdigest()[:12] for part in parts)
        assert '551d11' in parts[2] or '551d13' in parts[2]


def test_a_capture_of_a_real_server(padlock, leaves, tmp_path):
    with peers.nginx(tmp_path / 'nginx', leaves['rsa']) as port:
        padlock.run('trace', f'127.0.0.1:{port}', '--host', HOST, '--resume', '--quiet', '--pcap', tmp_path / 'a.pcapng')
        told = clients.run('tshark', '-r', tmp_path / 'a.pcapng', '-d', f'tcp.port=={port},tls', '-Y', 'http.response.code == 200',
                           '-T', 'fields', '-e', 'tcp.srcport', home=tmp_path)
    assert told.split().count(str(port)) == 2


@pytest.mark.parametrize('mode, least', [('ecdhe', 10), ('tls13', 20), ('mlkem', 20), ('rsa', 8)])
def test_the_page_recomputes(padlock, tmp_path, mode, least):
    page = tmp_path / 'trace.html'
    padlock.run('trace', '--lab', mode, '--quiet', '--html', page)
    text = page.read_text(encoding='utf-8')
    assert 'http://' not in text.replace('http://www.w3.org/2000/svg', '') and 'src=' not in text
    with clients.browser(tmp_path / 'home') as chromium:
        assert chromium.open(page.as_uri()) is None

        def badges():
            return [badge.text for badge in chromium.driver.find_elements('class name', 'tick')]
        clients.wait_until(lambda: badges().count('✓ recomputed here') >= least)
        assert not [badge for badge in badges() if 'differs' in badge]
        assert len(chromium.driver.find_elements('class name', 'step')) == 9
        if mode != 'rsa':
            clients.wait_until(lambda: 'decrypt here, in your browser' in chromium.text)
            line = next(line for line in chromium.text.splitlines() if 'decrypt here' in line)
            opened, of = line.split()[0], line.split()[2]
            assert opened == of and int(of) > 3
        # A field under the mouse lights its bytes.
        field = chromium.driver.find_elements('css selector', '.field')[3]
        chromium.driver.execute_script('arguments[0].dispatchEvent(new MouseEvent("mouseenter"))', field)
        assert len(chromium.driver.find_elements('css selector', '.hex span.on')) == 32


def test_the_page_opens_what_went_ahead(padlock, tmp_path):
    page = tmp_path / 'trace.html'
    padlock.run('trace', '--lab', 'early', '--quiet', '--html', page)
    with clients.browser(tmp_path / 'home') as chromium:
        assert chromium.open(page.as_uri()) is None
        chromium.driver.find_elements('css selector', '.tabs button')[1].click()
        clients.wait_until(lambda: 'decrypt here, in your browser' in chromium.text)
        line = next(line for line in chromium.text.splitlines() if 'decrypt here' in line)
        assert line.split()[0] == line.split()[2] and 'request sent ahead (0-RTT)' in chromium.text
        assert 'sent ahead, encrypted with the ticket' in chromium.text


def test_files_are_not_overwritten(padlock, tmp_path):
    for option in '--html', '--pcap', '--keylog':
        file = tmp_path / 'there'
        file.write_text('mine', encoding='ascii')
        padlock.fails(3, 'sys.file.exists', 'trace', '--lab', 'tls13', option, file)
        assert file.read_text(encoding='ascii') == 'mine'
        padlock.run('trace', '--lab', 'tls13', option, file, '--force', '--quiet')
        assert file.stat().st_size > 100


def without_values(line):
    """What is the same in every run: no bytes, numbers and dates."""
    # Times first: two digits of one would be taken for a byte.
    line = re.sub(r'\d+(\.\d+)? (µs|ms|s)\b', 'T', line)
    line = re.sub(r'(?<![\w(])[0-9a-f]{2}( [0-9a-f]{2})*( …)?(?!\w)', '#', line)
    return re.sub(r'\d+', '0', line).replace('records', 'record').strip()


def test_the_handshake_page_is_the_program_s_output(padlock):
    page = pathlib.Path(__file__).resolve().parents[2] / 'docs/HANDSHAKE.md'
    blocks = re.findall(r'```\n(.*?)```', page.read_text(encoding='utf-8'), re.DOTALL)
    said = set()
    for options in ('rsa',), ('tls13',), ('tls13', '--brief'):
        said |= {without_values(line) for line in padlock.run('trace', '--lab', *options).out.splitlines()}
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 100
    assert [line for line in lines if without_values(line) not in said] == []


# --- two beside each other ---------------------------------------------------------------------------

def row(diff, title, name):
    return next(row for section in diff['handshakes'][0]['sections'] if section['title'] == title
                for row in section['rows'] if row['name'] == name)


def test_diff_of_servers_and_of_what_was_saved(padlock, leaves, tmp_path):
    saved = tmp_path / 'before.json'
    with peers.nginx(tmp_path / 'nginx', leaves['ec']) as port:
        saved.write_text(padlock.run('--json', 'trace', f'127.0.0.1:{port}', '--host', HOST).out, encoding='utf-8')
        again = padlock.run('trace', '--diff', saved, f'127.0.0.1:{port}', '--host', HOST)
        assert 'no difference but in sizes and times' in again.out
        with peers.s_server(leaves['rsa'], '-tls1_2') as other:
            said = padlock.attempt('--json', 'trace', '--diff', saved, f'127.0.0.1:{other}', '--host', HOST)
            assert said.code == 1
            both_now = padlock.attempt('trace', '--diff', f'127.0.0.1:{port}', f'127.0.0.1:{other}', '--host', HOST)
    diff = said.json
    assert diff['differences'] > 5 and diff['a']['port'] == port and diff['b']['port'] == other
    version = row(diff, 'What was agreed', 'version')
    assert (version['a'], version['b'], version['is_same']) == (['TLS 1.3'], ['TLS 1.2'], False)
    assert 'B: ' in version['meaning']
    assert row(diff, "The server's certificates", '1: key')['a'] == ['ECDSA P-256']
    assert row(diff, 'client ClientHello', 'cipher_suites / suite')['is_same']
    assert row(diff, 'What was agreed', 'JA4S')['meaning']
    assert row(diff, 'Sizes and times', 'in all')['kind'] == 'measure'
    assert both_now.code == 1 and 'What was agreed' in both_now.out and 'ClientHello' not in both_now.out.split('Sizes')[0]
    assert all(len(line) <= 80 for line in both_now.out.splitlines())


def test_diff_of_what_is_no_trace(padlock, tmp_path):
    saved, other = tmp_path / 'a.json', tmp_path / 'b.json'
    saved.write_text(padlock.run('--json', 'trace', '--lab', 'tls13').out, encoding='utf-8')
    for text, code, exit_code in (('{"target": "x"}', 'inspect.diff', 1), ('[', 'codec.json.syntax', 1)):
        other.write_text(text, encoding='utf-8')
        padlock.fails(exit_code, code, 'trace', '--diff', saved, other)
    padlock.fails(2, 'cli.argument.missing', 'trace', '--diff', saved)
    padlock.fails(2, 'cli.argument.surplus', 'trace', saved, saved)
    padlock.fails(2, 'cli.argument.surplus', 'trace', '--diff', saved, saved, '--html', tmp_path / 'x.html')
    everything = padlock.run('trace', '--diff', saved, saved, '--all').out
    assert 'TLS_AES_128_GCM_SHA256' in everything and '=  TLS 1.3' in everything
