"""The built-in site "services": its parts, its own process, and requests on their way to control."""
import json
import os
import re
import signal
import socket
import ssl
import urllib.parse

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

import clients
import processes
import serving

HOST = 'admin.example.com'
UNBUILT = {'/': 'console', '/api/v1/certificates': 'programming interface', '/acme/directory': 'ACME server',
           '/enroll': 'enrolment page', '/.well-known/est/cacerts': 'enrolment over secure transport'}


class Services:
    """A server whose services are bound at an https and an http port."""

    def __init__(self, store, server, ports):
        self.store = store
        self.https, self.http, self.site = ports(3)
        self.running = server()
        serving.bind(store, self.site, 'www.example.com')
        store.run('bind', 'add', 'services', f'https://127.0.0.1:{self.https}', '--host', HOST,
                  '--cert', serving.certificate(store, HOST))
        store.run('bind', 'add', 'services', f'http://127.0.0.1:{self.http}')
        self.root = serving.root(store)

    def secure(self, path, *options, check=True):
        return clients.curl(f'https://{HOST}:{self.https}{path}', self.root,
                            *clients.resolve(HOST, self.https), '-i', *options, check=check)

    def plain(self, path, *options, host='127.0.0.1'):
        return clients.run('curl', '-s', '-i', *clients.resolve(host, self.http),
                           f'http://{host}:{self.http}{path}', *options)

    def connect(self):
        context = ssl.create_default_context(cafile=str(self.root))
        plain = socket.create_connection(('127.0.0.1', self.https), timeout=20)
        return context.wrap_socket(plain, server_hostname=HOST)


@pytest.fixture
def services(store, server, ports):
    return Services(store, server, ports)


def status(answer):
    return int(re.findall(r'^HTTP/1\.1 (\d{3}) ', answer, re.MULTILINE)[-1])


def field(answer, name):
    found = re.search(rf'^{name}: (.*?)\r?$', answer, re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else None


def read_answers(connection, count):
    """The bodies of so many answers on one connection."""
    data, found = b'', []
    while len(found) < count:
        part = connection.recv(65536)
        assert part, f'the connection ended after {len(found)} answers'
        data += part
        while (end := data.find(b'\r\n\r\n')) >= 0:
            length = int(re.search(rb'content-length: (\d+)', data[:end], re.IGNORECASE).group(1))
            if len(data) < end + 4 + length:
                break
            found.append((data[:end], data[end + 4:end + 4 + length]))
            data = data[end + 4 + length:]
    return found


def test_parts_that_are_not_built_say_so(services):
    for path, sentence in UNBUILT.items():
        answer = services.secure(path)
        assert status(answer) == 404 and sentence in answer and 'does not have yet' in answer, path


def test_programs_get_a_problem_where_people_get_a_page(services):
    base = f'https://{HOST}:{services.https}'
    root, resolved = serving.root(services.store), clients.resolve(HOST, services.https)

    def ask(path, *options):
        head, _, body = clients.curl(base + path, root, *resolved, '-i', '--http1.1', *options).partition('\r\n\r\n')
        return head, body
    head, body = ask('/api/v1/certificates', '-H', 'Accept: */*')
    assert ' 404 ' in head and 'content-type: application/problem+json' in head.lower()
    problem = json.loads(body)
    assert problem['status'] == 404 and problem['code'] == 'service.part.not_built' and problem['type'] == 'about:blank'
    assert 'programming interface' in problem['detail']
    _, body = ask('/acme/directory')
    assert json.loads(body)['type'].startswith('urn:ietf:params:acme:error:')
    head, body = ask('/enroll', '-H', 'Accept: application/json')
    assert json.loads(body)['code'] == 'service.part.not_built'
    for accept in ('text/html,application/xhtml+xml,*/*;q=0.8', 'text/html, application/json;q=0.5'):
        head, body = ask('/api/v1/', '-H', f'Accept: {accept}')
        assert 'text/html' in head and body.lstrip().startswith('<!doctype'), accept


def test_only_parts_that_are_switched_on_answer(services):
    services.store.run('bind', 'set', f'https://127.0.0.1:{services.https}', '--host', HOST, '--parts', 'api,pki')
    assert 'switched on' in services.secure('/acme/directory')
    assert 'switched on' in services.secure('/')
    assert 'programming interface' in services.secure('/api/v1')
    assert 'CA certificates' in services.secure('/ca/')
    listed = services.store.json('bind', 'list', '--site', 'services')['bindings']
    assert sorted(tuple(one['parts']) for one in listed) == [('api', 'pki'), ('pki', 'acme-http', 'redirect')]


def test_ca_certificates_are_where_the_certificates_say(services):
    leaf = x509.load_pem_x509_certificate(
        services.store.run('cert', 'show', HOST, '--pem').out.encode())
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    address, = [one.access_location.value for one in access
                if one.access_method == x509.AuthorityInformationAccessOID.CA_ISSUERS]
    path = urllib.parse.urlsplit(address).path
    file = services.store.folder / 'issuer.crt'
    head = services.plain(path, '-o', file, '-D', '-')
    issuer = x509.load_der_x509_certificate(file.read_bytes().split(b'\r\n\r\n', 1)[1])
    issuer.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, ec.ECDSA(leaf.signature_hash_algorithm))
    assert field(head, 'content-type') == 'application/pkix-cert'
    again = services.plain(path, '-H', f'If-None-Match: {field(head, "etag")}')
    assert status(again) == 304 and again.endswith('\r\n\r\n')
    pem = services.plain(path.replace('.crt', '.pem')).split('\r\n\r\n', 1)[1]
    assert x509.load_pem_x509_certificate(pem.encode()) == issuer
    only_head = services.plain(path, '-I')
    assert field(only_head, 'content-length') == str(len(issuer.public_bytes(Encoding.DER)))


def test_the_page_of_ca_certificates_names_them(services):
    page = services.plain('/ca/')
    root = x509.load_pem_x509_certificate(services.root.read_bytes())
    shown = re.findall(r'<code>([0-9A-F:]+)</code>', page)
    assert len(shown) == 2 and root.fingerprint(hashes.SHA256()).hex().upper() in [
        one.replace(':', '') for one in shown]
    assert "default-src 'none'" in field(page, 'content-security-policy')
    assert field(services.plain('/ca'), 'location') == '/ca/'


@pytest.mark.parametrize('path, options, expected', [
    ('/ca/0123456789abcdef0123456789abcdef.crt', (), 404), ('/ca/..%2fstore.db', (), 404), ('/ca/x', (), 404),
    ('/ca/', ('-X', 'POST', '-d', 'x'), 405), ('/ca/', ('-X', 'DELETE'), 405), ('/ca/crl/0123-0.crl', (), 404),
    ('/ca/ocsp', ('-d', 'x'), 404), ('/.well-known/acme-challenge/x', (), 404),
])
def test_other_requests_for_ca_files_get_a_reason(services, path, options, expected):
    answer = services.plain(path, *options)
    assert status(answer) == expected and '<p>' in answer


@pytest.mark.parametrize('host, path, options, code, where', [
    ('www.example.com', '/', (), 301, 'https://www.example.com:{site}/'),
    ('www.example.com', '/a%20b?c=d&e', (), 301, 'https://www.example.com:{site}/a%20b?c=d&e'),
    ('www.example.com', '/x?', ('-X', 'POST', '-d', 'x'), 308, 'https://www.example.com:{site}/x?'),
    (HOST, '/console', (), 301, f'https://{HOST}:{{https}}/console'),
    ('WWW.EXAMPLE.COM', '//evil.example/', (), 301, 'https://WWW.EXAMPLE.COM:{site}//evil.example/'),
    ('other.example.com', '/', (), 301, 'https://other.example.com:{site}/'),
])
def test_everything_else_on_http_is_sent_to_https(services, host, path, options, code, where):
    answer = services.plain(path, *options, host=host)
    assert status(answer) == code
    assert field(answer, 'location') == where.format(site=services.site, https=services.https)


def test_nothing_to_redirect_to_is_said(services):
    for port in (services.site, services.https):
        for binding in services.store.json('bind', 'list')['bindings']:
            if binding['port'] == port:
                services.store.run('bind', 'remove', binding['id'])
    answer = services.plain('/', host='www.example.com')
    assert status(answer) == 404 and 'over https' in answer


def test_content_comes_whole_in_every_framing(services):
    file = services.store.folder / 'content'
    file.write_bytes(os.urandom(1024 * 1024))
    for options in (('-d', 'x'), ('--data-binary', f'@{file}'), ('-H', 'Transfer-Encoding: chunked', '-d', 'x' * 5000),
                    ('-H', 'Expect: 100-continue', '--data-binary', f'@{file}'), ('-H', 'Content-Length: 0', '-X', 'PUT')):
        answer = services.secure('/api/v1/x', *options)
        assert status(answer) == 404 and 'programming interface' in answer, options
    assert '100 Continue' in services.secure('/api/v1/x', '-H', 'Expect: 100-continue', '-d', 'x')


def test_too_much_content_is_refused_before_and_while_it_comes(services):
    file = services.store.folder / 'content'
    file.write_bytes(bytes(5 * 1024 * 1024))
    assert status(services.secure('/api/v1/x', '--data-binary', f'@{file}', '-H', 'Expect:', check=False)) == 413
    with services.connect() as connection:
        connection.sendall(f'POST /enroll HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n'.encode())
        connection.sendall(b'40001\r\n' + bytes(0x40001) + b'\r\n0\r\n\r\n')
        (head, page), = read_answers(connection, 1)
    assert b' 413 ' in head and b'too large' in page


def test_malformed_chunks_end_the_connection(services):
    with services.connect() as connection:
        connection.sendall(f'POST /api/v1/x HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'.encode())
        (head, _), = read_answers(connection, 1)
        assert b' 400 ' in head and b'Connection: close' in head
        assert connection.recv(100) == b''


def test_requests_in_a_row_are_answered_in_order(services):
    paths = ['/acme/directory', '/api/v1/a', '/enroll', '/']
    with services.connect() as connection:
        connection.sendall(b''.join(
            f'POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3\r\n\r\nabc'.encode() for path in paths))
        pages = [page.decode() for _, page in read_answers(connection, len(paths))]
    assert all(UNBUILT.get(path, 'programming interface') in page for path, page in zip(paths, pages))


def test_the_connection_page_is_there_too(services):
    answer = services.secure('/.well-known/padlock/connection', '-H', 'Accept: application/json')
    assert status(answer) == 200 and HOST in json.dumps(json.loads(answer.split('\r\n\r\n', 1)[1]))


def listening(port):
    """The inode of the socket that listens at the port."""
    with open('/proc/net/tcp', encoding='ascii') as file:
        rows = [line.split() for line in file][1:]
    found, = [row[9] for row in rows if row[3] == '0A' and int(row[1].split(':')[1], 16) == port]
    return f'socket:[{found}]'


def holds(pid, name):
    return any(os.readlink(f'/proc/{pid}/fd/{number}') == name for number in os.listdir(f'/proc/{pid}/fd'))


@pytest.mark.plain
def test_each_kind_of_net_has_its_own_listeners_alone(services):
    roles = processes.by_role(services.running)
    for port, owner, other in ((services.site, 'net', 'net-services'), (services.https, 'net-services', 'net'),
                               (services.http, 'net-services', 'net')):
        name = listening(port)
        assert all(holds(pid, name) for pid in roles[owner]), port
        assert not any(holds(pid, name) for pid in roles[other]), port


def test_requests_wait_while_control_is_busy(services):
    control, = processes.by_role(services.running)['control']
    with services.connect() as connection:
        os.kill(control, signal.SIGSTOP)
        try:
            for _ in range(40):
                connection.sendall(f'GET /api/v1/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n'.encode())
            with pytest.raises(TimeoutError):
                connection.settimeout(1)
                connection.recv(1)
        finally:
            os.kill(control, signal.SIGCONT)
        connection.settimeout(20)
        assert all(b' 404 ' in head for head, _ in read_answers(connection, 40))


def test_who_waits_too_long_is_told_and_the_others_are_answered_later(services):
    control, = processes.by_role(services.running)['control']
    request = f'GET /api/v1/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n'.encode()
    with services.connect() as connection:
        connection.settimeout(60)
        os.kill(control, signal.SIGSTOP)
        try:
            connection.sendall(request)
            (head, page), = read_answers(connection, 1)
            assert b' 504 ' in head and b'in time' in page and b'Retry-After' in head
        finally:
            os.kill(control, signal.SIGCONT)
        # The late answer is nobody's any more: the next request gets its own.
        connection.sendall(request)
        (head, page), = read_answers(connection, 1)
        assert b' 404 ' in head and b'programming interface' in page


def test_what_was_asked_of_a_control_that_ended_is_asked_again_or_given_up(services):
    control, = processes.by_role(services.running)['control']
    with services.connect() as reader, services.connect() as writer:
        os.kill(control, signal.SIGSTOP)
        reader.sendall(f'GET /api/v1/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n'.encode())
        writer.sendall(f'POST /api/v1/x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1\r\n\r\nx'.encode())
        # Both are with control when it ends: what net-services has sent, it has sent in one turn.
        processes.wait_for(lambda: 'S' in processes.status(processes.by_role(services.running)['net-services'][0], 'State'))
        with services.connect() as third:
            third.sendall(f'GET /.well-known/padlock/connection HTTP/1.1\r\nHost: {HOST}\r\n\r\n'.encode())
            read_answers(third, 1)
        processes.kill(control)
        (head, _), = read_answers(reader, 1)
        assert b' 404 ' in head
        (head, page), = read_answers(writer, 1)
        assert b' 503 ' in head and b'not known' in page and b'Retry-After' in head


def test_services_and_sites_share_no_address(services):
    for site, port in (('services', services.site), ('www.example.com', services.https)):
        services.store.fails(3, 'ops.bind.services', 'bind', 'add', site, f'https://127.0.0.1:{port}',
                             '--host', 'x.example.com', '--cert', serving.certificate(services.store, 'x.example.com'))


@pytest.mark.parametrize('site, url, parts, sentence', [
    ('services', 'http://127.0.0.1:81', 'console', 'in the clear'),
    ('services', 'http://127.0.0.1:81', 'pki,nonsense', 'no part "nonsense"'),
    ('services', 'http://127.0.0.1:81', '', 'no part ""'),
    ('services', 'http://127.0.0.1:81', 'pki,', 'no part ""'),
    ('shop', 'http://127.0.0.1:81', 'pki', 'has no parts'),
])
def test_parts_that_cannot_be_are_refused(store, site, url, parts, sentence):
    serving.site(store, 'shop')
    assert sentence in store.fails(2, 'ops.bind.parts', 'bind', 'add', site, url, '--parts', parts).err


def test_the_built_in_site_stays_as_it_is(store):
    folder = store.folder / 'x'
    folder.mkdir()
    store.fails(3, 'ops.site.built_in', 'site', 'remove', 'services')
    store.fails(3, 'ops.site.built_in', 'site', 'set', 'services', '--name', 'other')
    store.fails(1, 'ops.site.name', 'site', 'add', 'services', '--root', folder)
    assert 'built in' in store.run('site', 'show', 'services').out
