"""DANE: records that are printed are those that a server's certificate is verified with; DNSSEC by NSD."""
import pytest

import clients
import foreign
import name_server
import peers
import plain_then_tls

HOST = f'www.{name_server.ZONE}'


@pytest.fixture(scope='module')
def servers(tmp_path_factory):
    """A self-signed certificate, and one of a CA of its own with the CA presented."""
    folder = tmp_path_factory.mktemp('certificates')
    key = foreign.key(folder / 'self.key')
    foreign.self_signed(folder / 'self.pem', key, f'/CN={HOST}', '-addext', f'subjectAltName=DNS:{HOST}')
    authority = foreign.Authority(folder / 'authority')
    key = foreign.key(folder / 'leaf.key')
    foreign.csr(folder / 'leaf.csr', key, '/CN=x')
    leaf = authority.sign(folder / 'leaf.csr', folder / 'leaf.pem', f'DNS:{HOST}')
    leaf.write_text(leaf.read_text() + authority.certificate.read_text(), encoding='ascii')
    return {'self': folder / 'self.pem', 'leaf': leaf, 'authority': authority.certificate}


def digest(certificate):
    """SHA-256 of the key, by openssl."""
    key = clients.run('openssl', 'x509', '-in', certificate, '-noout', '-pubkey')
    return clients.run('sh', '-c', 'openssl pkey -pubin -outform DER | sha256sum', stdin=key.encode()).split()[0]


def verify(padlock, port, server, anchor, *options, text=False, host=HOST):
    arguments = ('verify', f'127.0.0.1:{port}', '--host', host, '--dane', '--dns-server', server,
                 '--dns-anchor', anchor, *options)
    return padlock.attempt(*arguments) if text else padlock.attempt('--json', *arguments)


def test_the_records_of_a_certificate(padlock, servers):
    said = padlock.run('cert', 'tlsa', servers['leaf'], '--port', '25').out.splitlines()
    assert said == [f'_25._tcp.{HOST}. IN TLSA 3 1 1 {digest(servers["leaf"])}',
                    f'_25._tcp.{HOST}. IN TLSA 2 1 1 {digest(servers["authority"])}']
    records = padlock.json('cert', 'tlsa', servers['self'], '--host', 'Mail.Example.com')['records']
    assert [(r['name'], r['usage']) for r in records] == [('_443._tcp.mail.example.com', 3)]
    padlock.fails(2, 'ops.verify.dane_name', 'cert', 'tlsa', servers['self'], '--host', '192.0.2.1')
    padlock.fails(2, 'cli.option.value', 'cert', 'tlsa', servers['self'], '--port', '0')


def test_a_certificate_of_this_store(store, ports):
    import serving
    serving.bind(store, ports(1)[0], 'shop.internal')
    said = store.run('cert', 'tlsa', 'shop.internal').out.splitlines()
    assert [line.split()[3] for line in said] == ['3', '2']
    pem = store.folder / 'shop.pem'
    store.run('cert', 'export', 'shop.internal', '--format', 'pem', '--out', pem)
    assert said[0].endswith(digest(pem))


# The record's numbers, whose digest, the certificate that is served, the roots; what comes of it, and the panel's.
CASES = [
    ('3 1 1', 'self', 'self', (), 0, 'pass'),
    ('3 1 1', 'leaf', 'self', (), 1, 'fail'),
    ('1 1 1', 'self', 'self', (), 1, 'fail'),
    ('1 1 1', 'leaf', 'leaf', ('authority',), 0, 'pass'),
    ('0 1 1', 'authority', 'leaf', ('authority',), 0, 'pass'),
    ('0 1 1', 'authority', 'leaf', (), 1, 'fail'),
    ('2 1 1', 'authority', 'leaf', (), 0, 'pass'),
    ('2 1 1', 'leaf', 'leaf', (), 1, 'fail'),
    ('9 1 1', 'leaf', 'leaf', ('authority',), 0, 'unknown'),
]


@pytest.mark.parametrize('numbers, whose, served, roots, code, outcome', CASES)
def test_records_against_a_server(padlock, servers, tmp_path, numbers, whose, served, roots, code, outcome):
    trust = [word for root in roots for word in ('--trust', servers[root])]
    with peers.s_server_with_chain(servers[served]) as port:
        anchor = name_server.sign(tmp_path / 'zone', [f'_{port}._tcp.www IN TLSA {numbers} {digest(servers[whose])}'])
        with name_server.serving(tmp_path / 'zone') as server:
            said = verify(padlock, port, server, anchor, *trust)
            text = verify(padlock, port, server, anchor, *trust, text=True)
    panel = said.json['dane']
    assert (said.code, panel['outcome']) == (code, outcome), panel
    assert said.json['is_good'] == (code == 0)
    assert panel['lines'][0]['text'].startswith(f'{numbers} {digest(servers[whose])[:32]}…')
    assert 'domain\'s owner' in text.out and text.code == code
    if outcome == 'fail':
        assert panel['code'] == 'verify.dane.mismatch' and 'cert tlsa' in panel['hint']


def test_what_dnssec_says(padlock, servers, tmp_path):
    folder = tmp_path / 'zone'
    with peers.s_server_with_chain(servers['self']) as port:
        right = digest(servers['self'])
        anchor = name_server.sign(folder, [f'_{port}._tcp.www IN TLSA 3 1 1 {right}'])
        with name_server.serving(folder) as server:
            other = tmp_path / 'other.ds'
            other.write_text('other.example. IN DS 1 13 2 ' + 64 * '0' + '\n', encoding='ascii')
            # Proven; not proven, since nothing above it is trusted; no record of that name, proven.
            assert verify(padlock, port, server, anchor).json['dane']['outcome'] == 'pass'
            unproven = verify(padlock, port, server, other)
            none = padlock.attempt('--json', 'verify', servers['self'], '--host', HOST, '--dane', '--dns-server', server,
                                   '--dns-anchor', anchor)
            assert 'DNSSEC proves that' in none.json['dane']['sentence'] and none.code == 1
            assert unproven.json['dane']['outcome'] == 'unknown' and unproven.code == 1
            assert 'does not prove' in unproven.json['dane']['sentence']
        # Somebody in between changes the record.
        signed = (folder / 'signed').read_text(encoding='ascii')
        assert right in signed
        (folder / 'signed').write_text(signed.replace(right, digest(servers['leaf'])), encoding='ascii')
        with name_server.serving(folder) as server:
            forged = verify(padlock, port, server, anchor)
    assert forged.code == 1 and forged.json['dane']['code'] == 'verify.dane.forged'


def test_a_dns_server_that_is_none(padlock, servers, tmp_path, ports):
    anchor = tmp_path / 'anchor'
    anchor.write_text('; nothing\n', encoding='ascii')
    ask = ('verify', servers['self'], '--host', HOST, '--dane')
    padlock.fails(1, 'sys.dns.option', *ask, '--dns-server', '127.0.0.1', '--dns-anchor', anchor)
    anchor.write_text('nonsense\n', encoding='ascii')
    padlock.fails(1, 'sys.dns.option', *ask, '--dns-server', '127.0.0.1', '--dns-anchor', anchor)
    padlock.fails(1, 'sys.dns.option', *ask, '--dns-server', 'nowhere')
    said = padlock.attempt('--json', *ask, '--dns-server', f'127.0.0.1@{ports(1)[0]}', '--timeout', '1s')
    assert said.json['code'] == 'sys.dns' and said.code != 0
    padlock.fails(2, 'ops.verify.dane_name', 'verify', servers['self'], '--host', '127.0.0.1', '--dane')


def whole(certificate):
    """The whole certificate (the file's first), as a record of matching type 0 has it."""
    return clients.run('sh', '-c', f'openssl x509 -in {certificate} -outform DER | od -An -v -tx1').replace(' ', '').replace('\n', '')


def alone(certificate, folder):
    """The file's first certificate, with its key beside it."""
    file = folder / 'alone.pem'
    file.with_suffix('.key').write_bytes(certificate.with_suffix('.key').read_bytes())
    clients.run('openssl', 'x509', '-in', certificate, '-out', file)
    return file


def test_a_ca_that_is_in_the_record_alone(padlock, servers, tmp_path):
    """Usage 2 with the whole certificate: the server need not present it."""
    with peers.s_server(alone(servers['leaf'], tmp_path)) as port:
        for data, outcome in ((whole(servers['authority']), 'pass'), (whole(servers['self']), 'fail'), ('30820102', 'fail')):
            anchor = name_server.sign(tmp_path / f'zone-{len(data)}-{outcome}', [f'_{port}._tcp.www IN TLSA 2 0 0 {data}'])
            with name_server.serving(anchor.parent) as server:
                said = verify(padlock, port, server, anchor)
            panel = said.json['dane']
            assert panel['outcome'] == outcome and (said.code == 0) == (outcome == 'pass'), panel
            if outcome == 'pass':
                assert 'that stands in the record' in panel['lines'][0]['text']


def test_a_name_that_is_an_alias(padlock, servers, tmp_path):
    """Where the alias leads comes first; that name is asked for, and good as the certificate's name."""
    alias = f'shop.{name_server.ZONE}'
    other = foreign.key(tmp_path / 'other.key')
    other = foreign.self_signed(tmp_path / 'other.pem', other, '/CN=x', '-addext', f'subjectAltName=DNS:{alias}')
    by_name = ('-servername', HOST, '-cert2', servers['leaf'], '-key2', servers['leaf'].with_suffix('.key'))
    with peers.s_server(other, *by_name) as port:
        def outcome(*records):
            folder = tmp_path / f'zone{len(list(tmp_path.iterdir()))}'
            anchor = name_server.sign(folder, ['shop IN CNAME chain', 'chain IN CNAME www', 'www IN A 127.0.0.1', *records])
            with name_server.serving(folder) as server:
                said = verify(padlock, port, server, anchor, host=alias)
            return said.code, said.json['dane']['outcome'], said.json['dane']
        whole_ca = f'_{port}._tcp.www IN TLSA 2 0 0 {whole(servers["authority"])}'
        own = f'_{port}._tcp.shop IN TLSA 3 1 1 {digest(other)}'
        code, said, panel = outcome(f'_{port}._tcp.www IN TLSA 3 1 1 {digest(servers["leaf"])}')
        assert (code, said) == (0, 'pass') and f'{alias} is an alias of {HOST}' in panel['lines'][0]['text']
        # The certificate is for where the alias leads alone, and the CA's records count with names.
        assert outcome(whole_ca)[:2] == (0, 'pass')
        assert outcome(f'_{port}._tcp.www IN TLSA 3 1 1 {digest(other)}')[:2] == (1, 'fail')
        # Both: the first counts. The name's own alone: those, and nobody is asked for another name.
        assert outcome(f'_{port}._tcp.www IN TLSA 3 1 1 {digest(other)}', own)[:2] == (1, 'fail')
        code, said, panel = outcome(own)
        assert (code, said) == (0, 'pass') and 'alias' not in panel['lines'][0]['text']
        code, said, panel = outcome()
        assert said == 'unknown' and f'_{port}._tcp.{alias}' in panel['sentence']


def test_an_alias_that_somebody_changed(padlock, servers, tmp_path):
    """It leads elsewhere than its owner signed: nobody may follow it, nor go on without."""
    folder = tmp_path / 'zone'
    with peers.s_server(servers['self']) as port:
        records = [f'_{port}._tcp.{name} IN TLSA 3 1 1 {digest(servers["self"])}' for name in ('shop', 'www', 'evil')]
        anchor = name_server.sign(folder, ['shop IN CNAME www', 'www IN A 127.0.0.1', 'evil IN A 127.0.0.1', *records])
        signed = (folder / 'signed').read_text(encoding='ascii')
        assert f'CNAME\twww.{name_server.ZONE}.' in signed
        (folder / 'signed').write_text(signed.replace('CNAME\twww.', 'CNAME\tevil.'), encoding='ascii')
        with name_server.serving(folder) as server:
            said = verify(padlock, port, server, anchor, host=f'shop.{name_server.ZONE}')
    assert said.code == 1 and said.json['dane']['code'] == 'verify.dane.forged'


def test_a_server_of_mail(padlock, servers, tmp_path):
    """Its port's records, after STARTTLS."""
    for whose, code in (('self', 0), ('leaf', 1)):
        with plain_then_tls.serving('smtp', servers['self']) as port:
            anchor = name_server.sign(tmp_path / whose, [f'_{port}._tcp.www IN TLSA 3 1 1 {digest(servers[whose])}'])
            with name_server.serving(tmp_path / whose) as server:
                assert verify(padlock, port, server, anchor, '--starttls', 'smtp').code == code
