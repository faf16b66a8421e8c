"""TLS policies: what each speaks, seen by OpenSSL's client; own ones; what is refused."""
import time

import pytest

import clients
from serving import bind, handshake, root

ANY = ('-cipher', 'ALL:@SECLEVEL=0')
OLD, MIDDLE, MODERN = 'old.internal', 'middle.internal', 'modern.internal'


@pytest.fixture
def policies(store, server, ports):
    """One port, three names, a policy each."""
    store.port = ports(1)[0]
    root(store)
    bind(store, store.port, OLD, '--policy', 'old')
    bind(store, store.port, MIDDLE)
    bind(store, store.port, MODERN, '--policy', 'modern')
    store.server = server()
    return store


def agreed(store, host, *options):
    """Version and suite of a handshake, or None when there was none."""
    text = handshake(store, store.port, host, *options)
    for line in text.splitlines():
        if line.startswith('New, ') and 'Cipher is' in line and '(NONE)' not in line:
            return line.split(', ')[1], line.split()[-1]
    return None


def version(store, host, *options):
    """The protocol that a handshake ends with: 'TLSv1.2', None when it fails."""
    text = handshake(store, store.port, host, *options)
    if 'Verify return code: 0 (ok)' not in text or 'Cipher is (NONE)' in text:
        return None
    for line in text.splitlines():
        if line.strip().startswith('Protocol'):
            return line.split(':')[1].strip()
    return 'TLSv1.3' if 'New, TLSv1.3' in text else None


@pytest.mark.parametrize('option, expected', [('-tls1', 'TLSv1'), ('-tls1_1', 'TLSv1.1')])
def test_old_speaks_old_versions_and_its_neighbours_do_not(policies, option, expected):
    assert version(policies, OLD, option, *ANY) == expected
    assert version(policies, MIDDLE, option, *ANY) is None
    assert version(policies, MODERN, option, *ANY) is None
    policies.server.wait_log(r'middle\.internal.*offers TLS 1\.[01] at most, policy '
                             r'\\?"intermediate\\?" begins at TLS 1\.2')


def test_each_policy_has_its_versions(policies):
    for host in (OLD, MIDDLE, MODERN):
        assert version(policies, host, '-tls1_3') == 'TLSv1.3'
    assert version(policies, OLD, '-tls1_2') == 'TLSv1.2'
    assert version(policies, MIDDLE, '-tls1_2') == 'TLSv1.2'
    assert version(policies, MODERN, '-tls1_2') is None


@pytest.mark.parametrize('suite, served_by', [
    ('ECDHE-ECDSA-AES128-GCM-SHA256', {OLD, MIDDLE}),
    ('ECDHE-ECDSA-AES256-GCM-SHA384', {OLD, MIDDLE}),
    ('ECDHE-ECDSA-CHACHA20-POLY1305', {OLD, MIDDLE}),
    ('ECDHE-ECDSA-AES128-SHA256', {OLD}),
    ('ECDHE-ECDSA-AES256-SHA', {OLD}),
    ('AES128-GCM-SHA256', set()),
    ('AES128-SHA', set()),
    ('DHE-RSA-AES128-GCM-SHA256', set()),
    ('ECDHE-ECDSA-NULL-SHA', set()),
])
def test_suites_of_tls_1_2(policies, suite, served_by):
    served = {host for host in (OLD, MIDDLE, MODERN)
              if agreed(policies, host, '-tls1_2', '-cipher', f'{suite}:@SECLEVEL=0')}
    assert served == served_by


def test_aes_128_comes_first_and_a_client_without_aes_gets_chacha(policies):
    both = ('-ciphersuites', 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256')
    assert agreed(policies, MODERN, *both)[1] == 'TLS_AES_128_GCM_SHA256'
    chacha = ('-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256')
    assert agreed(policies, MODERN, *chacha)[1] == 'TLS_CHACHA20_POLY1305_SHA256'


@pytest.mark.parametrize('group, is_served', [
    ('X25519', True), ('P-256', True), ('P-384', True), ('P-521', False), ('X448', False)])
def test_groups(policies, group, is_served):
    assert (agreed(policies, MIDDLE, '-groups', group) is not None) == is_served


@pytest.mark.parametrize('option', ['-tls1', '-tls1_1', '-tls1_2', '-tls1_3'])
def test_rsa_keys_in_every_version(store, server, ports, option):
    store.port = ports(1)[0]
    root(store)
    bind(store, store.port, OLD, '--policy', 'old', key='rsa:2048')
    server()
    assert version(store, OLD, option, *ANY) is not None


def test_an_own_policy_is_followed_at_once_and_taken_back(policies):
    policies.run('policy', 'add', 'strong', '--from', 'modern', '--suites', 'TLS_AES_256_GCM_SHA384',
                 '--groups', 'secp384r1')
    url = f'https://127.0.0.1:{policies.port}'
    policies.run('bind', 'set', url, '--host', MODERN, '--policy', 'strong')
    deadline = time.monotonic() + 2
    while agreed(policies, MODERN) != ('TLSv1.3', 'TLS_AES_256_GCM_SHA384'):
        assert time.monotonic() < deadline
    assert agreed(policies, MODERN, '-groups', 'X25519') is None
    assert agreed(policies, MODERN, '-groups', 'P-384') is not None
    policies.run('policy', 'set', 'strong', '--suites', 'TLS_CHACHA20_POLY1305_SHA256')
    deadline = time.monotonic() + 2
    while agreed(policies, MODERN) != ('TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'):
        assert time.monotonic() < deadline
    policies.run('undo')
    deadline = time.monotonic() + 2
    while agreed(policies, MODERN) != ('TLSv1.3', 'TLS_AES_256_GCM_SHA384'):
        assert time.monotonic() < deadline
    # It is in use: it stays until its binding has another.
    result = policies.fails(3, 'ops.policy.used', 'policy', 'remove', 'strong')
    assert MODERN in result.err
    policies.run('bind', 'set', url, '--host', MODERN, '--policy', 'modern')
    policies.run('policy', 'remove', 'strong')
    policies.fails(4, 'ops.policy.missing', 'policy', 'show', 'strong')
    policies.run('undo')
    assert policies.json('policy', 'show', 'strong')['groups'] == ['secp384r1']
    assert [line for line in policies.run('audit', 'list').out.splitlines() if 'policy.set' in line]


def test_lists_show_what_there_is(store):
    names = [policy['name'] for policy in store.json('policy', 'list')['policies']]
    assert names == ['intermediate', 'modern', 'old']
    shown = store.json('policy', 'show', 'intermediate')
    assert shown['groups'][0] == 'X25519MLKEM768'
    assert shown['suites'][0] == 'TLS_AES_128_GCM_SHA256'
    assert 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' in shown['suites']
    assert shown['version_min'] == 'TLS 1.2' and shown['is_built_in'] is True
    text = store.run('policy', 'show', 'old').out
    assert 'TLS 1.0 to TLS 1.3' in text and 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA' in text
    assert 'TLS_RSA_' not in text


@pytest.mark.parametrize('exit_code, code, says, options', [
    (1, 'tls.policy.word', 'never served here', ('--suites', 'TLS_RSA_WITH_AES_128_GCM_SHA256')),
    (1, 'tls.policy.word', 'no cipher suite "NO_SUCH"', ('--suites', 'NO_SUCH')),
    (1, 'tls.policy.word', 'twice', ('--groups', 'x25519,X25519')),
    (1, 'tls.policy.word', 'no group', ('--groups', 'x25518')),
    (1, 'tls.policy.word', 'no signature', ('--signatures', 'md5')),
    (1, 'tls.policy.word', 'not a TLS version', ('--versions', '1.4')),
    (1, 'tls.policy.word', 'not a TLS version', ('--versions', 'SSL 3.0')),
    (1, 'tls.policy.unusable', 'TLS 1.1', ('--versions', '1.0-1.3')),
    (1, 'tls.policy.unusable', 'of no use', ('--versions', '1.3', '--suites',
                                             'ECDHE-RSA-AES128-GCM-SHA256')),
    (1, 'tls.policy.unusable', 'no group', ('--groups', 'X25519MLKEM768')),
    (1, 'tls.policy.unusable', 'different kinds of keys',
     ('--versions', '1.2', '--suites', 'ECDHE-RSA-AES128-GCM-SHA256', '--signatures', 'ed25519')),
    (4, 'ops.policy.missing', 'no TLS policy "nothing"', ('--from', 'nothing')),
])
def test_what_no_client_could_use_is_refused_before_anything_changes(store, exit_code, code, says,
                                                                     options):
    before = store.json('audit', 'list')
    result = store.fails(exit_code, code, 'policy', 'add', 'mine', *options)
    assert says in result.err, repr(result)
    assert store.json('audit', 'list') == before
    assert len(store.json('policy', 'list')['policies']) == 3


def test_names_and_built_in_policies_are_guarded(store):
    store.fails(3, 'ops.policy.exists', 'policy', 'add', 'Modern')
    store.fails(1, 'ops.policy.name', 'policy', 'add', 'a b')
    store.fails(3, 'ops.policy.built_in', 'policy', 'set', 'old', '--versions', '1.3')
    store.fails(3, 'ops.policy.built_in', 'policy', 'remove', 'modern')
    store.run('--json', 'policy', 'add', 'mine', '--dry-run')
    store.fails(4, 'ops.policy.missing', 'policy', 'show', 'mine')
    store.run('policy', 'add', 'mine')
    store.fails(3, 'ops.policy.exists', 'policy', 'add', 'MINE')


def test_a_policy_that_cannot_use_the_key_is_refused(policies):
    url = f'https://127.0.0.1:{policies.port}'
    policies.run('policy', 'add', 'rsa', '--from', 'modern', '--signatures', 'rsa_pss_rsae_sha256')
    policies.fails(3, 'ops.bind.policy_key', 'bind', 'set', url, '--host', OLD, '--policy', 'rsa')
    policies.run('policy', 'add', 'both', '--from', 'modern')
    policies.run('bind', 'set', url, '--host', OLD, '--policy', 'both')
    policies.fails(3, 'ops.bind.policy_key', 'policy', 'set', 'both',
                   '--signatures', 'rsa_pss_rsae_sha256')
    policies.fails(4, 'ops.policy.missing', 'bind', 'set', url, '--host', OLD, '--policy', 'none')
    assert [row['host'] for row in policies.json('bind', 'list', '--policy', 'both')['bindings']] == \
        [OLD]


def test_curl_reads_a_page_under_every_policy(policies):
    for host in (OLD, MIDDLE, MODERN):
        page = clients.curl(f'https://{host}:{policies.port}/', policies.folder / 'root.pem',
                            *clients.resolve(host, policies.port))
        assert page == f'<h1>{host}</h1>'


@pytest.mark.parametrize('options', [
    ('--versions', '1.0-1.1', '--from', 'old'), ('--versions', '1.2', '--groups', 'x448'),
    ('--versions', '1.3', '--groups', 'SecP384r1MLKEM1024')])
def test_rare_policies_and_required_certificates_are_proven_too(policies, options):
    """Proof of service connects as a client without a certificate: it must not take this back."""
    url = f'https://127.0.0.1:{policies.port}'
    policies.run('policy', 'add', 'rare', *options)
    policies.run('bind', 'set', url, '--host', OLD, '--policy', 'rare', '--client-auth', 'required')
    deadline = time.monotonic() + 7
    while time.monotonic() < deadline:
        row = [row for row in policies.json('bind', 'list')['bindings'] if row['host'] == OLD][0]
        assert (row['tls_policy'], row['client_auth']) == ('rare', 'required')
        time.sleep(0.5)
    assert 'rolled-back' not in policies.server.log and 'not-proven' not in policies.server.log
