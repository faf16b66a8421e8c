"""padlock lab badssl: each faulty server, what verify says of it, and what the browsers really show."""
import re

import pytest

import clients
import firefox
from program import Server

FAULTS = {
    'good': [], 'expired': ['verify.expired'], 'not-yet-valid': ['verify.not_yet_valid'],
    'expired-issuer': ['verify.issuer_expired'], 'wrong-host': ['verify.name_mismatch'], 'no-san': ['verify.no_names'],
    'self-signed': ['verify.self_signed'], 'untrusted-root': ['verify.untrusted'],
    'incomplete-chain': ['verify.incomplete_chain'], 'fetchable-chain': ['verify.incomplete_chain'],
    'reversed-chain': [], 'revoked': ['verify.revoked'], 'revoked-silently': [], 'must-staple': [],
    'weak-signature': ['verify.weak_signature'], 'weak-key': ['verify.weak_key'], 'very-weak-key': ['verify.weak_key'],
    'name-constraints': ['verify.name_constraints'], 'path-length': ['verify.path_length'],
    'server-as-issuer': ['verify.not_a_ca'], 'mute-issuer': ['verify.not_a_ca'], 'too-long': [],
    'wrong-usage': ['verify.wrong_usage'], 'wrong-key-usage': [], 'ca-as-leaf': ['verify.ca_as_leaf'],
    'unknown-critical': ['verify.critical_extension'],
}


class Lab:
    def __init__(self, padlock, folder):
        self.padlock, self.root = padlock, folder / 'root.pem'
        self.server = Server(padlock, 'lab', 'badssl', '--port', 0, '--root-out', self.root)
        self.port = int(self.server.wait_log(r'ready on port (\d+)').group(1))
        self.hosts = [host['name'] for host in padlock.json('lab', 'badssl', '--list')['hosts']]

    def url(self, name):
        return f'https://{name}.localhost:{self.port}/'

    def verify(self, name, *options):
        said = self.padlock.attempt('--json', 'verify', f'{name}.localhost:{self.port}', '--trust', self.root, *options)
        return said.code, said.json

    def views(self, browser):
        """Of each host: what verify says that the browser will show, knowing what can be fetched."""
        return {name: [view for view in self.verify(name, '--fetch')[1]['browsers'] if view['browser'] == browser][0]
                for name in self.hosts}


@pytest.fixture
def lab(padlock, tmp_path):
    one = Lab(padlock, tmp_path)
    yield one
    one.server.stop()


def test_each_has_its_fault_and_no_other(lab):
    assert sorted(lab.hosts) == sorted(FAULTS)
    for name in lab.hosts:
        code, document = lab.verify(name)
        faults = [check['code'] for check in document['checks'] if check['outcome'] == 'fail']
        assert (code, faults) == (1 if FAULTS[name] else 0, FAULTS[name]), name


def test_what_is_fetched(lab):
    """The issuer, the responder's answer, the list: --fetch finds what was not presented."""
    def fetched(name, *options):
        code, document = lab.verify(name, '--fetch', *options)
        return code, {check['check']: check for check in document['checks']}, document
    code, checks, document = fetched('fetchable-chain')
    assert code == 0 and checks['issuer']['outcome'] == 'pass'
    assert any('fetched an issuer' in line for line in document['fetches'])
    views = {view['browser']: view['outcome'] for view in document['browsers']}
    assert views == {'Chrome': 'shown', 'Firefox': 'warning', 'Safari': 'shown', 'Internet Explorer': 'shown'}
    code, checks, _ = fetched('revoked-silently')
    assert code == 1 and checks['revocation']['code'] == 'verify.revoked'
    assert 'key compromise' in checks['revocation']['sentence']
    code, checks, _ = fetched('good')
    assert code == 0 and 'stapled OCSP response' in checks['revocation']['sentence']
    code, checks, document = fetched('incomplete-chain')
    assert code == 1 and document['fetches'] == []
    code, checks, document = fetched('good', '--at', '2035-01-01')
    assert checks['revocation']['outcome'] == 'unknown' and document['fetches']


def test_what_certificates_name(lab, tmp_path):
    address = f'http://127.0.0.1:{lab.port}'
    for path, kind in (('/issuing.crl', 'crl'), ('/issuing.crt', 'x509')):
        clients.run('curl', '--silent', '--fail', '--max-time', '20', '-o', tmp_path / 'file', address + path)
        assert 'Padlock Lab Issuing' in clients.run('openssl', kind, '-inform', 'DER', '-in', tmp_path / 'file', '-noout', '-text')
    clients.run('openssl', 'x509', '-inform', 'DER', '-in', tmp_path / 'file', '-out', tmp_path / 'issuing.pem')
    for name, state in (('good', 'good'), ('revoked-silently', 'revoked')):
        (tmp_path / 'leaf.pem').write_text(clients.served_chain(lab.port, f'{name}.localhost')[0], encoding='ascii')
        said = clients.run('openssl', 'ocsp', '-issuer', tmp_path / 'issuing.pem', '-cert', tmp_path / 'leaf.pem', '-url',
                           f'{address}/ocsp', '-CAfile', lab.root)
        assert f'leaf.pem: {state}' in said, said
    page = clients.run('curl', '--silent', '--max-time', '20', '--cacert', lab.root, '--resolve',
                       f'good.localhost:{lab.port}:127.0.0.1', lab.url('good'))
    assert 'faulty on purpose' in page and all(lab.url(name) in page for name in lab.hosts)
    assert clients.run('curl', '--silent', '--max-time', '20', '-o', '/dev/null', '-w', '%{http_code}', f'{address}/x') == '404'


def words(text):
    return re.sub(r'\s+', ' ', text.replace('Chromium', 'Chrome')).replace(' .', '.').strip()


@pytest.mark.timeout(300)
def test_chromium(lab, tmp_path):
    with clients.browser(tmp_path / 'chromium', lab.root) as browser:
        for name, view in lab.views('Chrome').items():
            code = browser.open(lab.url(name))
            assert (code or '') == view['code'].removeprefix('NET::'), name
            if code is None:
                assert 'faulty on purpose' in browser.text
                continue
            browser.driver.execute_script("const b = document.getElementById('details-button'); if (b) b.click()")
            shown = words(browser.text)
            for part in ('title', 'detail', 'proceed'):
                assert words(view[part]) in shown, (name, part, shown)


def is_shown(view, shown):
    return not view['detail'] or all(words(view[part]) in shown for part in ('title', 'detail', 'proceed'))


@pytest.mark.timeout(300)
def test_firefox(lab, tmp_path):
    with firefox.firefox(tmp_path / 'firefox', lab.root) as browser:
        for name, view in lab.views('Firefox').items():
            code, text = browser.open(lab.url(name))
            shown = words(text)
            assert code == view['code'], (name, shown)
            if code == '':
                assert 'faulty on purpose' in shown
                continue
            if not is_shown(view, shown):  # the page says what time it is: a minute may have begun since
                view = lab.views('Firefox')[name]
            assert is_shown(view, shown), (name, view, shown)
