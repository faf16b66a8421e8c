"""Promises of public logs: their signatures, who ran the logs, and the list that says so."""
import datetime

import pytest

import clients
import ct_log
import peers

HOST = 'www.example.com'


@pytest.fixture(scope='module')
def authority(tmp_path_factory):
    return ct_log.Authority(tmp_path_factory.mktemp('ct') / 'ca')


def verify(padlock, target, authority, *options):
    said = padlock.attempt('--json', 'verify', target, '--host', HOST, '--trust', authority.file, *options)
    assert said.code == 0, said.out
    panel = next(p for p in said.json['panels'] if p['panel'] == 'transparency')
    return said.json['timestamps'], panel


def worths(timestamps):
    return [(one.get('log'), one.get('operator'), one['counts'], one['worth']) for one in timestamps]


def test_promises_in_the_certificate(padlock, authority, tmp_path):
    logs = [ct_log.Log('Alpha', 'One'), ct_log.Log('Beta', 'Two', is_rsa=True), ct_log.Log('Gamma', 'One')]
    leaf, _ = authority.issue(HOST, logs, name='embedded')
    known = ct_log.list_file(tmp_path / 'logs.json', logs[:2])
    timestamps, panel = verify(padlock, leaf, authority, '--ct-logs', known)
    assert worths(timestamps) == [('Alpha', 'One', True, 'signature verified'), ('Beta', 'Two', True, 'signature verified'),
                                  (None, None, False, 'a log that is not in the list')]
    assert {one['way'] for one in timestamps} == {'in the certificate'} and timestamps[2]['log_id'] == logs[2].id.hex()
    assert [line['mark'] for line in panel['lines']] == ['pass', 'pass', 'unknown']
    timestamps, panel = verify(padlock, leaf, authority)
    assert [one['worth'] for one in timestamps] == ['not checked'] * 3
    assert len(panel['lines']) == 3 and all(line['mark'] == 'fact' for line in panel['lines'])


def test_the_list_in_the_data_directory(store, authority):
    logs = [ct_log.Log('Alpha', 'One')]
    leaf, _ = authority.issue(HOST, logs, name='kept')
    assert verify(store, leaf, authority)[0][0]['worth'] == 'not checked'
    ct_log.list_file(store.data / 'ct-logs.json', logs)
    assert verify(store, leaf, authority)[0][0]['worth'] == 'signature verified'
    (store.data / 'ct-logs.json').write_text('{"operators": 7}', encoding='ascii')
    said = store.fails(1, 'codec.json.type', 'verify', leaf, '--trust', authority.file)
    assert 'ct-logs.json' in said.err


def test_promises_of_another_certificate(padlock, authority, tmp_path):
    """One that was copied from another certificate is worth nothing: openssl says the same."""
    log = ct_log.Log('Alpha', 'One')
    _, other = authority.issue(HOST, [], name='other')
    entry = ct_log.certificate_entry(other)
    stolen = ct_log.list_of([log.promise(entry, authority.now)])
    leaf, certificate = authority.issue(HOST, [], name='thief')
    own = ct_log.list_of([log.promise(ct_log.certificate_entry(certificate), authority.now)])
    known = ct_log.list_file(tmp_path / 'logs.json', [log])
    for promises, worth, theirs in ((own, 'signature verified', 'valid'),
                                    (stolen, 'the log did not sign this certificate', 'invalid')):
        info = ct_log.serverinfo_file(tmp_path / 'info.pem', promises)
        for version in ('-tls1_2', '-tls1_3'):
            with peers.s_server(leaf, '-serverinfo', info, version) as port:
                timestamps, panel = verify(padlock, f'127.0.0.1:{port}', authority, '--ct-logs', known)
                assert worths(timestamps) == [('Alpha', 'One', worth == 'signature verified', worth)]
                assert timestamps[0]['way'] == 'in the handshake'
                assert panel['lines'][0]['mark'] == ('pass' if worth == 'signature verified' else 'fail')
                said = clients.run('openssl', 's_client', '-connect', f'127.0.0.1:{port}', '-CAfile', authority.file,
                                   '-ct', '-ctlogfile', ct_log.openssl_list_file(tmp_path / 'logs.cnf', [log]),
                                   stdin='', check=False)
                assert f'SCT validation status: {theirs}' in said


def test_as_openssl_reads_those_in_the_certificate(padlock, authority, tmp_path):
    logs = [ct_log.Log('Alpha', 'One'), ct_log.Log('Beta', 'Two')]
    leaf, _ = authority.issue(HOST, logs, name='both')
    with peers.s_server(leaf) as port:
        said = clients.run('openssl', 's_client', '-connect', f'127.0.0.1:{port}', '-CAfile', authority.file, '-ct',
                           '-ctlogfile', ct_log.openssl_list_file(tmp_path / 'logs.cnf', logs), stdin='', check=False)
        assert said.count('SCT validation status: valid') == 2
        known = ct_log.list_file(tmp_path / 'logs.json', logs)
        timestamps, _ = verify(padlock, f'127.0.0.1:{port}', authority, '--ct-logs', known)
        assert [one['counts'] for one in timestamps] == [True, True]


def test_states_and_times(padlock, authority, tmp_path):
    later = (authority.now + datetime.timedelta(days=5)).strftime('%Y-%m-%dT%H:%M:%SZ')
    earlier = '2020-01-01T00:00:00Z'
    logs = [ct_log.Log('Pending', 'One', 'pending'), ct_log.Log('Late', 'One', 'retired', earlier),
            ct_log.Log('Retiring', 'One', 'retired', later), ct_log.Log('Readonly', 'Two', 'readonly', earlier)]
    leaf, _ = authority.issue(HOST, logs, name='states')
    known = ct_log.list_file(tmp_path / 'logs.json', logs, made=earlier)
    timestamps, panel = verify(padlock, leaf, authority, '--ct-logs', known)
    assert [one['worth'] for one in timestamps] == ['a log that browsers do not count', 'a log that had retired',
                                                    'signature verified', 'signature verified']
    assert panel['lines'][-1]['text'].startswith('the list of logs is of 2020-01-01')
    full = padlock.run('verify', leaf, '--host', HOST, '--trust', authority.file, '--ct-logs', known, '--full').out
    assert 'Readonly (Two): signature verified' in full


def test_lists_that_are_none(padlock, authority, tmp_path):
    leaf, _ = authority.issue(HOST, [], name='none')
    log = ct_log.Log('Alpha', 'One')
    wrong = tmp_path / 'wrong.json'
    ct_log.list_file(wrong, [log, ct_log.Log('Beta', 'One')])
    text = wrong.read_text(encoding='utf-8')
    for content, error in (('', 'codec.json.syntax'), ('{}', 'codec.json.missing'),
                           (text.replace(log.entry()['key'], ct_log.Log('x', 'y').entry()['key']), 'pki.ct_logs.malformed'),
                           ('{"operators": []}', 'pki.ct_logs.malformed')):
        wrong.write_text(content, encoding='utf-8')
        padlock.fails(1, error, 'verify', leaf, '--ct-logs', wrong)
    padlock.fails(4, 'sys.file.missing', 'verify', leaf, '--ct-logs', tmp_path / 'absent')
