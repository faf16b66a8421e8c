"""Bindings: every conflict is told before anything changes."""
import pytest

import foreign
import walk

HOST = 'www.example.com'
URL = 'https://127.0.0.1:8443'


@pytest.fixture
def shop(store):
    walk.install(store)
    walk.site(store)
    return store


def bindings(store):
    return store.json('bind', 'list')['bindings']


def refused(store, code, *arguments, exit_code=3):
    """Refused by add, and told by check, and nothing is there afterwards that was not before."""
    before = bindings(store)
    said = store.fails(exit_code, code, 'bind', 'add', *arguments)
    check = store.attempt('--json', 'bind', 'check', *arguments)
    assert check.code != 0
    assert bindings(store) == before
    return said


def test_the_same_endpoint_and_host(shop):
    walk.site(shop, 'other')
    walk.bind(shop, 8443, HOST)
    assert '"shop"' in refused(shop, 'ops.bind.exists', 'other', URL, '--host', HOST, '--cert', 'Shop 2026').err


def test_a_binding_without_host_and_one_with(shop):
    walk.bind(shop, 8443)
    assert 'overrides' in shop.run('bind', 'add', 'shop', URL, '--host', HOST, '--cert', 'Shop 2026').err
    refused(shop, 'ops.bind.exists', 'shop', URL, '--cert', 'Shop 2026')


def test_a_name_that_the_certificate_does_not_have(shop):
    said = refused(shop, 'ops.bind.name', 'shop', URL, '--host', 'shop.example.com', '--cert', 'Shop 2026')
    assert HOST in said.err
    refused(shop, 'ops.bind.name', 'shop', URL, '--host', '*.example.com', '--cert', 'Shop 2026')


def test_wildcards(shop):
    walk.install(shop, '*.example.com', 'Wild')
    walk.bind(shop, 8443, '*.example.com', 'deep.example.com', cert='Wild')
    refused(shop, 'ops.bind.name', 'shop', URL, '--host', 'a.b.example.com', '--cert', 'Wild')


def test_an_expired_certificate(shop, tmp_path):
    key = foreign.key(tmp_path / 'key')
    foreign.csr(tmp_path / 'old.csr', key, f'/CN={HOST}')
    leaf = foreign.Authority(tmp_path / 'a').sign(tmp_path / 'old.csr', tmp_path / 'old.pem', f'DNS:{HOST}', '20200101000000Z', '20210101000000Z')
    (tmp_path / 'both.pem').write_bytes(leaf.read_bytes() + key.read_bytes())
    assert 'expired' in shop.run('cert', 'import', 'both.pem', '--name', 'Old').err
    assert '2021-01-01' in refused(shop, 'ops.bind.expired', 'shop', URL, '--cert', 'Old').err


def test_one_that_ends_soon(shop):
    shop.run('request', 'new', 'soon.example.com', '--out', 'soon.csr')
    shop.run('ca', 'issue', 'soon.csr', '--lifetime', '3d')
    shop.run('ca', 'fetch', 'soon.example.com', '--out', 'soon.pem')
    shop.run('cert', 'install', 'soon.pem')
    assert 'ends on' in shop.run('bind', 'add', 'shop', URL, '--host', 'soon.example.com', '--cert', 'soon.example.com').err


def test_all_addresses_and_one_of_them(shop):
    walk.bind(shop, 8443, HOST)
    refused(shop, 'ops.bind.overlap', 'shop', 'https://0.0.0.0:8443', '--cert', 'Shop 2026')
    shop.run('bind', 'add', 'shop', 'https://[::]:8443', '--cert', 'Shop 2026')
    refused(shop, 'ops.bind.overlap', 'shop', 'https://[::1]:8443', '--cert', 'Shop 2026')
    shop.run('bind', 'add', 'shop', 'https://0.0.0.0:8444', '--cert', 'Shop 2026')
    refused(shop, 'ops.bind.overlap', 'shop', 'https://127.0.0.1:8444', '--cert', 'Shop 2026')


def test_two_protocols_on_one_port(shop):
    walk.bind(shop, 8443, HOST)
    refused(shop, 'ops.bind.scheme', 'shop', 'http://127.0.0.1:8443')


def test_a_second_kind_of_key_joins_the_binding(shop):
    walk.install(shop, HOST, 'Shop RSA', key='rsa:2048')
    walk.bind(shop, 8443, HOST)
    walk.bind(shop, 8443, HOST, cert='Shop RSA')
    assert len(bindings(shop)) == 1
    assert 'Shop 2026, Shop RSA' in shop.run('bind', 'list').out


@pytest.mark.parametrize('url, code, exit_code', [
    ('https://127.0.0.1:0', 'codec.uri', 1), ('https://127.0.0.1:65536', 'codec.uri', 1), ('ftp://127.0.0.1:8443', 'codec.uri', 1),
    ('https://www.example.com:8443', 'ops.bind.url', 2), ('127.0.0.1:8443', 'codec.uri', 1), ('https://[::1:8443', 'codec.uri', 1),
])
def test_addresses_that_are_none(shop, url, code, exit_code):
    refused(shop, code, 'shop', url, '--cert', 'Shop 2026', exit_code=exit_code)


def test_what_is_not_there(shop):
    refused(shop, 'ops.site.missing', 'nowhere', URL, '--cert', 'Shop 2026', exit_code=4)
    refused(shop, 'ops.cert.missing', 'shop', URL, '--cert', 'Nothing', exit_code=4)
    refused(shop, 'ops.policy.missing', 'shop', URL, '--cert', 'Shop 2026', '--policy', 'ancient', exit_code=4)
    shop.fails(4, 'ops.bind.missing', 'bind', 'remove', URL)
    shop.fails(4, 'ops.bind.missing', 'bind', 'remove', 'deadbeef')


def test_removing_one_of_several(shop):
    walk.install(shop, 'b.example.com', 'B')
    walk.bind(shop, 8443, HOST)
    walk.bind(shop, 8443, 'b.example.com', cert='B')
    shop.fails(3, 'ops.bind.ambiguous', 'bind', 'remove', URL)
    shop.run('bind', 'remove', URL, '--host', HOST)
    assert [one['host'] for one in bindings(shop)] == ['b.example.com']


def test_a_bound_certificate_and_a_bound_site_stay(shop):
    walk.bind(shop, 8443, HOST)
    assert URL in shop.fails(3, 'ops.cert.bound', 'cert', 'delete', 'Shop 2026').err
    shop.fails(3, 'ops.site.bound', 'site', 'remove', 'shop')
    assert f'unbound: {URL} {HOST}' in shop.run('cert', 'delete', 'Shop 2026', '--unbind').out
    assert bindings(shop) == []
    shop.run('site', 'remove', 'shop')


def test_folders_that_cannot_be_served(store, tmp_path):
    (tmp_path / 'file').touch()
    store.fails(4, 'sys.file.missing', 'site', 'add', 'a', '--root', 'nowhere')
    store.fails(4, 'sys.file.missing', 'site', 'add', 'a', '--root', 'file')
    store.fails(2, 'cli.argument.missing', 'site', 'add', 'a')
    for name in ('services', 'a/b', '-', 'x' * 64, ''):
        said = store.attempt('site', 'add', '--root', '.', '--', name)
        assert said.code in (1, 2), repr(said)
    assert [one['kind'] for one in store.json('site', 'list')['sites']] == ['services']
