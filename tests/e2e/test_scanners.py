"""What other people's scanners say of the built-in policies: sslscan, testssl.sh."""
import json
import os
import re
import xml.etree.ElementTree as xml

import pytest

import clients
import serving

HOST = 'www.example.com'
# About the site and its name, not about TLS; a CA that only the tests trust has no OCSP or CAA.
NOT_TLS = {'HSTS', 'HPKP', 'security_headers', 'DNS_CAArecord', 'OCSP_stapling', 'cert_ocspURL',
           'cert_crlDistributionPoints', 'cert_extlifeSpan', 'cert_revocation',
           'certificate_transparency', 'server_banner', 'banner_server'}
# The scanner about itself: Debian's openssl has no old engines and no RC4.
ABOUT_ITSELF = {'engine_problem', 'scanProblem', 'old_fart', 'RC4'}
# Asks for a ticket with "openssl s_client </dev/null", which on a busy machine leaves before any
# server's tickets have come (also before openssl s_server's). Resumption has tests of its own.
TOO_HASTY = ('sessionresumption_ticket', 'check failed because of connect problem')
# Most of a minute each, and modern is a part of intermediate.
SCANNED = ['intermediate', 'modern'] if 'PADLOCK_SOAK' in os.environ else ['intermediate']


@pytest.fixture
def site(store, server, ports):
    def start(policy):
        port, = ports(1)
        serving.bind(store, port, HOST, '--policy', policy)
        server('--quiet')
        return port
    return start


@pytest.mark.parametrize('policy', ['modern', 'intermediate'])
def test_sslscan(site, policy):
    port = site(policy)
    tree = xml.fromstring(clients.run('sslscan', '--xml=-', '--no-colour', f'--sni-name={HOST}',
                                      f'127.0.0.1:{port}').split('\n', 1)[1])
    versions = {(one.get('type'), one.get('version')): one.get('enabled') == '1'
                for one in tree.iter('protocol')}
    assert versions[('tls', '1.3')]
    assert versions[('tls', '1.2')] == (policy == 'intermediate')
    assert not any(on for (kind, version), on in versions.items()
                   if kind == 'ssl' or version in ('1.0', '1.1'))
    assert all(one.get('vulnerable') == '0' for one in tree.iter('heartbleed'))
    assert all(one.get('supported') == '0' for one in tree.iter('compression'))
    suites = [one.get('cipher') for one in tree.iter('cipher')]
    assert suites and all(re.search(r'GCM|CHACHA20', suite) for suite in suites), suites
    assert {one.get('strength') for one in tree.iter('cipher')} <= {'strong', 'acceptable'}


@pytest.mark.timeout(600)
@pytest.mark.parametrize('policy', SCANNED)
def test_testssl(site, store, policy):
    port = site(policy)
    file = store.folder / 'testssl.json'
    clients.run('testssl', '--quiet', '--color', '0', '--warnings', 'batch', '--fast',
                '--protocols', '--std', '--fs', '--server-defaults', '--vulnerable',
                '--add-ca', serving.root(store), '--jsonfile', file, '--ip', '127.0.0.1',
                f'{HOST}:{port}', check=False, timeout=550)
    findings = json.loads(file.read_text(encoding='utf-8'))
    assert len(findings) > 40
    complaints = [(one['severity'], one['id'], one['finding']) for one in findings
                  if one['severity'] not in ('OK', 'INFO', 'DEBUG')
                  and one['id'].split(' ')[0] not in NOT_TLS | ABOUT_ITSELF
                  and (one['id'], one['finding']) != TOO_HASTY]
    assert complaints == []
