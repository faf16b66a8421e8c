"""A certificate's next one: the same names, a new key, in the same bindings."""
import clients
import foreign
import serving
import walk

HOST = 'www.example.com'


def facts(store, name):
    return store.json('cert', 'show', name)


def test_of_the_own_ca(store):
    walk.install(store, HOST, 'Shop')
    walk.site(store)
    walk.bind(store, 8443, HOST, cert='Shop')
    before = facts(store, 'Shop')
    document = store.json('cert', 'renew', 'Shop')
    after = document['certificate']
    assert document['is_own_ca'] and document['bindings'] == 1 and document['served'] == 'stored'
    assert after['friendly_name'].startswith('Shop (renewed 20') and after['names'] == before['names']
    assert after['key'] == before['key'] and after['spki_sha256'] != before['spki_sha256']
    bound = store.json('bind', 'list')['bindings'][0]
    assert after['id'] in str(bound) and before['id'] not in str(bound)
    assert facts(store, 'Shop')['id'] == before['id']  # the old one is kept
    # once more: the name does not grow
    again = store.json('cert', 'renew', after['id'])['certificate']
    assert again['friendly_name'] == after['friendly_name']
    store.run('undo')
    assert after['id'] in str(store.json('bind', 'list')['bindings'][0])


def test_as_it_was_asked_for(store):
    store.run('request', 'new', HOST, 'shop.example.com', '--out', 'a.csr', '--key', 'ec:p384')
    store.run('ca', 'issue', 'a.csr', '--lifetime', '20d')
    store.run('ca', 'fetch', HOST, '--out', 'a.pem')
    before = store.json('cert', 'install', 'a.pem', '--name', 'Short')
    after = store.json('cert', 'renew', 'Short', '--name', 'Next')['certificate']
    assert after['friendly_name'] == 'Next' and after['key'] == 'ec:p384' and after['names'] == before['names']
    assert facts(store, 'Next')['not_after'][:10] == facts(store, 'Short')['not_after'][:10]
    rsa = store.json('cert', 'renew', 'Next', '--key', 'rsa:2048', '--name', 'Other')['certificate']
    assert rsa['key'] == 'rsa:2048'
    store.fails(1, 'pki.key.spec', 'cert', 'renew', 'Next', '--key', 'none')
    store.fails(4, 'ops.cert.missing', 'cert', 'renew', 'nobody')


def test_left_unbound(store):
    walk.install(store, HOST, 'Shop')
    walk.site(store)
    walk.bind(store, 8443, HOST, cert='Shop')
    document = store.json('cert', 'renew', 'Shop', '--no-replace')
    assert document['bindings'] == 0 and document['certificate']['id'] not in str(store.json('bind', 'list'))


def test_of_another_ca(store, tmp_path):
    authority = foreign.Authority(tmp_path / 'foreign')
    store.run('request', 'new', HOST, '--out', 'a.csr')
    authority.sign(store.folder / 'a.csr', store.folder / 'a.pem', f'DNS:{HOST}')
    (store.folder / 'both.pem').write_text((store.folder / 'a.pem').read_text() + authority.certificate.read_text())
    store.run('cert', 'install', 'both.pem', '--name', 'Bought')
    said = store.run('cert', 'renew', 'Bought')
    pending = store.json('request', 'list')['requests'][0]
    assert 'cert replace "Bought" NEW' in said.out and pending['state'] == 'pending' and pending['short_id'] in said.out
    store.run('request', 'csr', pending['id'], '--out', 'next.csr')
    authority.sign(store.folder / 'next.csr', store.folder / 'next.pem', f'DNS:{HOST}')
    store.run('cert', 'install', 'next.pem', '--name', 'Bought again')
    assert facts(store, 'Bought again')['names'] == [HOST]


def test_while_it_is_served(store, server, ports):
    port, = ports(1)
    server()
    url = serving.bind(store, port, HOST)
    root = serving.root(store)
    name = store.json('cert', 'list')['certificates'][0]['friendly_name']
    before = clients.served_chain(port, HOST)[0]
    document = store.json('cert', 'renew', name)
    assert document['served'] == 'proven' and url
    assert clients.served_chain(port, HOST)[0] != before
    assert 'HTTP/1.1 200' in clients.curl(f'https://{HOST}:{port}/', root, *clients.resolve(HOST, port), '-i')


def test_the_ca_refuses(store):
    """The request that was made for it does not stay behind."""
    walk.install(store, HOST, 'Shop')
    before = len(store.json('request', 'list')['requests'])
    said = store.attempt('cert', 'renew', 'Shop', '--key', 'ed25519')
    assert said.code == 3 and 'could not renew "Shop"' in said.err, repr(said)
    states = [one['state'] for one in store.json('request', 'list')['requests']]
    assert 'pending' not in states and len(states) >= before
