"""OCSP responses, stapled: what clients get, and what is refused."""
import re
import time

import pytest

import clients
from serving import site

HOST = 'shop.internal'


class Responder:
    """A CA with one server certificate, that answers for it as OpenSSL's tool does."""

    def __init__(self, folder):
        self.folder = folder
        self.serial = '1001'
        self.run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                 '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Staple CA', '-days', '30')
        self.run('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                 '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', f'/CN={HOST}')
        (folder / 'leaf.ext').write_text(
            f'subjectAltName=DNS:{HOST}\nextendedKeyUsage=serverAuth\n', encoding='ascii')
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
