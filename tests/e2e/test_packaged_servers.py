"""padlock trace --starttls with the servers that people run: PostgreSQL, Exim, Dovecot, OpenLDAP."""
import pathlib
import tempfile

import pytest

import foreign
import packaged

HOST = 'www.example.com'


@pytest.fixture(scope='module')
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp('certificate')
    key = foreign.key(folder / 'server.key')
    return foreign.self_signed(folder / 'server.pem', key, f'/CN={HOST}', '-addext', f'subjectAltName=DNS:{HOST}')


@pytest.mark.parametrize('serving', [packaged.postgresql, packaged.exim, packaged.dovecot, packaged.slapd],
                         ids=lambda serving: serving.__name__)
@pytest.mark.plain
def test_starttls(padlock, certificate, serving):
    # A short path: Dovecot's sockets lie below it.
    with tempfile.TemporaryDirectory(prefix='padlock-') as folder, serving(pathlib.Path(folder), certificate) as ports:
        for protocol, port in ports.items():
            for version in '1.2', '1.3':
                said = padlock.attempt('--json', 'trace', f'127.0.0.1:{port}', '--host', HOST, '--starttls', protocol,
                                       '--version', version, '--trust', certificate)
                assert said.code == 0, repr(said)
                handshake = said.json['handshakes'][0]
                assert handshake['agreed']['version']['name'] == f'TLS {version}'
                assert {check['outcome'] for check in handshake['checks']} == {'pass'}
                assert [m['kind'] for m in handshake['messages']].count('plain text') >= 1
                assert handshake['certificates'][0]['subject'] == f'CN={HOST}'
