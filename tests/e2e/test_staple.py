"""OCSP responses, stapled: what clients get, and what is refused."""
import datetime
import http.server
import re
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

import clients
import serving
from serving import site

HOST = 'shop.internal'


class Responder:
    """A CA with one server certificate, that answers for it as OpenSSL's tool does."""

    def __init__(self, folder, url=None):
        self.folder = folder
        self.serial = '1001'
        self.run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                 '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Staple CA', '-days', '30')
        self.run('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                 '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', f'/CN={HOST}')
        access = f'authorityInfoAccess=OCSP;URI:{url}\n' if url else ''
        (folder / 'leaf.ext').write_text(
            f'subjectAltName=DNS:{HOST}\nextendedKeyUsage=serverAuth\n{access}', encoding='ascii')
        self.run('x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-out',
                 'leaf.pem', '-days', '20', '-extfile', 'leaf.ext', '-set_serial',
                 f'0x{self.serial}')
        text = ''.join((folder / name).read_text() for name in ('leaf.key', 'leaf.pem', 'ca.pem'))
        (folder / 'bundle.pem').write_text(text, encoding='ascii')

    def run(self, *arguments):
        return clients.run('openssl', *[self.folder / word if word.split('.')[-1] in
                                        ('pem', 'key', 'csr', 'ext', 'der', 'txt') else word
                                        for word in arguments])

    def answer(self, name='answer.der', status='V', signer='ca', days=('-ndays', '3'), serial=None):
        revoked = '261101000000Z' if status == 'R' else ''
        (self.folder / 'index.txt').write_text(
            f'{status}\t301231235959Z\t{revoked}\t{serial or self.serial}\tunknown\t/CN={HOST}\n',
            encoding='ascii')
        request = ('-issuer', 'ca.pem', '-serial', f'0x{serial}') if serial else \
            ('-issuer', 'ca.pem', '-cert', 'leaf.pem')
        self.run('ocsp', *request, '-no_nonce', '-reqout', 'request.der')
        self.run('ocsp', '-index', 'index.txt', '-rsigner', f'{signer}.pem', '-rkey',
                 f'{signer}.key', '-CA', 'ca.pem', '-reqin', 'request.der', '-respout', name,
                 *days)
        return self.folder / name


@pytest.fixture
def shop(store, server, ports):
    store.port = ports(1)[0]
    store.responder = Responder(store.folder)
    store.run('cert', 'import', 'bundle.pem', '--name', 'Shop')
    site(store, 'shop')
    store.run('bind', 'add', 'shop', f'https://127.0.0.1:{store.port}', '--host', HOST, '--cert',
              'Shop')
    store.server = server()
    return store


def look(shop, *options):
    return clients.run('openssl', 's_client', '-connect', f'127.0.0.1:{shop.port}', '-servername',
                       HOST, '-status', '-CAfile', shop.folder / 'ca.pem', *options, stdin=b'',
                       check=False)


def wait(shop, text):
    deadline = time.monotonic() + 5
    while text not in look(shop):
        assert time.monotonic() < deadline, look(shop)


@pytest.mark.parametrize('version', ['-tls1_2', '-tls1_3'])
def test_who_asks_gets_it(shop, version):
    assert 'OCSP response: no response sent' in look(shop, version)
    shop.run('cert', 'staple', 'Shop', '--file', shop.responder.answer())
    wait(shop, 'OCSP Response Status: successful')
    text = look(shop, version)
    assert 'Cert Status: good' in text and shop.responder.serial in text
    assert 'stapled until' in shop.run('cert', 'show', 'Shop').out
    # One that is there is replaced, and an earlier one comes back.
    shop.run('cert', 'staple', 'Shop', '--file', shop.responder.answer(days=('-ndays', '9')))
    shop.run('undo')
    wait(shop, 'OCSP Response Status: successful')
    shop.run('cert', 'staple', 'Shop', '--remove')
    wait(shop, 'OCSP response: no response sent')
    shop.run('undo')
    wait(shop, 'OCSP Response Status: successful')
    # A server that starts with it has it, too; who does not ask gets none.
    assert 'OCSP' not in clients.run('openssl', 's_client', '-connect', f'127.0.0.1:{shop.port}',
                                     '-servername', HOST, stdin=b'', check=False)


@pytest.mark.timeout(180)
def test_one_that_has_ended_is_not_sent(shop):
    shop.run('cert', 'staple', 'Shop', '--file', shop.responder.answer(days=('-nmin', '1')))
    wait(shop, 'OCSP Response Status: successful')
    deadline = time.monotonic() + 90
    while 'OCSP response: no response sent' not in look(shop):
        assert time.monotonic() < deadline
        time.sleep(5)


def test_what_clients_would_refuse_is_refused(shop):
    responder = shop.responder
    staple = ('cert', 'staple', 'Shop', '--file')
    (shop.folder / 'text.der').write_bytes(b'no response')
    (shop.folder / 'large.der').write_bytes(bytes(70000))
    shop.fails(1, 'pki.ocsp.malformed', *staple, 'text.der')
    assert shop.attempt(*staple, 'large.der').code == 1
    shop.fails(3, 'pki.ocsp.revoked', *staple, responder.answer(status='R'))
    shop.fails(1, 'pki.ocsp.other', *staple, responder.answer(serial='2002'))
    shop.fails(1, 'pki.ocsp.time', *staple, responder.answer(days=()))
    shop.fails(1, 'pki.ocsp.signature', *staple, responder.answer(signer='leaf'))
    good = responder.answer().read_bytes()
    # A year later than what was signed.
    last = list(re.finditer(rb'\x18\x0f(\d{4})\d{10}Z', good))[-1]
    later = str(int(last.group(1)) + 1).encode()
    (shop.folder / 'bad.der').write_bytes(good[:last.start(1)] + later + good[last.end(1):])
    shop.fails(1, 'pki.ocsp.signature', *staple, 'bad.der')
    (shop.folder / 'longer.der').write_bytes(good + b'\0')
    shop.fails(1, 'pki.ocsp.malformed', *staple, 'longer.der')
    shop.fails(2, 'cli.argument.missing', 'cert', 'staple', 'Shop')
    shop.fails(4, 'ops.cert.missing', 'cert', 'staple', 'Nothing', '--file', 'text.der')
    assert 'no response sent' in look(shop)


class Http(http.server.ThreadingHTTPServer):
    """Gives the same answer to whoever asks, and counts."""

    def __init__(self, port):
        super().__init__(('127.0.0.1', port), HttpAnswer)
        self.answer, self.status, self.asked = b'', 200, 0
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()


class HttpAnswer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.server.asked += 1
        self.send_response(self.server.status)
        self.send_header('Content-Type', 'application/ocsp-response')
        self.send_header('Content-Length', str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def offered(store, server, ports):
    """A shop whose certificate names a responder on this machine; not served yet."""
    store.port, port = ports(2)
    store.http = Http(port)
    store.responder = Responder(store.folder, f'http://127.0.0.1:{port}/ocsp')
    store.http.answer = store.responder.answer().read_bytes()
    store.run('cert', 'import', 'bundle.pem', '--name', 'Shop')
    site(store, 'shop')
    store.run('bind', 'add', 'shop', f'https://127.0.0.1:{store.port}', '--host', HOST, '--cert', 'Shop')
    store.serve = server
    yield store
    store.http.shutdown()
    store.http.server_close()


def test_what_the_responder_says_is_fetched_and_stapled(offered):
    offered.serve('--fetch-from-loopback')
    wait(offered, 'OCSP Response Status: successful')
    assert 'Cert Status: good' in look(offered)
    assert offered.http.asked == 1
    # Nobody can undo it, so it is no entry of what can be; it was done, so it is in the audit trail.
    assert not [one for one in offered.json('undo', '--list')['operations'] if one['actor'] == 'serve']
    fetched, = [one for one in offered.json('audit', 'list')['records'] if one['action'] == 'cert.staple']
    assert fetched['actor'] == 'serve'


def test_a_response_is_renewed_when_half_of_its_time_has_passed(offered):
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0, tzinfo=None)
    leaf, issuer = (x509.load_pem_x509_certificate((offered.folder / name).read_bytes()) for name in ('leaf.pem', 'ca.pem'))
    key = serialization.load_pem_private_key((offered.folder / 'ca.key').read_bytes(), None)
    old = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf, issuer=issuer, algorithm=hashes.SHA1(), cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=now - datetime.timedelta(days=2), next_update=now + datetime.timedelta(days=1),
        revocation_time=None, revocation_reason=None).responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
    (offered.folder / 'old.der').write_bytes(old.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    offered.run('cert', 'staple', 'Shop', '--file', offered.folder / 'old.der')
    offered.serve('--fetch-from-loopback')
    fresh = ocsp.load_der_ocsp_response(offered.http.answer).next_update.strftime('%b %e %H:%M:%S %Y')
    wait(offered, f'Next Update: {fresh}')


def test_this_machine_is_not_asked_unless_it_may_be(offered):
    running = offered.serve()
    running.wait_log('warning control staple-not-fetched .*http.fetch.address')
    assert offered.http.asked == 0 and 'no response sent' in look(offered)


def test_the_own_responder_is_not_asked_over_the_network(offered, ports):
    """It would be this server, whose place for it is empty; others are asked all the same."""
    port, = ports(1)
    serving.bind(offered, port, 'www.example.com')
    running = offered.serve('--fetch-from-loopback')
    wait(offered, 'OCSP Response Status: successful')
    time.sleep(2.5)
    assert 'staple-not-fetched' not in running.log


@pytest.mark.parametrize('status, content', [(500, b''), (200, b''), (200, b'no response'), (200, None)])
def test_a_responder_that_does_not_do_is_left_alone_for_a_while(offered, status, content):
    offered.http.status = status
    offered.http.answer = offered.responder.answer('revoked.der', 'R').read_bytes() if content is None else content
    running = offered.serve('--fetch-from-loopback')
    running.wait_log('staple-not-fetched')
    time.sleep(2.5)
    assert offered.http.asked == 1 and 'no response sent' in look(offered)
