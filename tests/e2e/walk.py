"""Steps of the way to a served site, for tests that begin after them."""


def install(store, host='www.example.com', name='Shop 2026', **options):
    """A certificate of the own CA with its key, installed under a name."""
    more = [word for option, value in options.items() for word in (f'--{option}', value)]
    store.run('request', 'new', host, '--out', f'{name}.csr', *more)
    store.run('ca', 'issue', f'{name}.csr')
    store.run('ca', 'fetch', host, '--out', f'{name}.pem')
    return store.json('cert', 'install', f'{name}.pem', '--name', name)


def site(store, name='shop', content='<h1>shop</h1>'):
    folder = store.folder / name
    folder.mkdir()
    (folder / 'index.html').write_text(content, encoding='utf-8')
    store.run('site', 'add', name, '--root', folder)
    return folder


def bind(store, port, *hosts, cert='Shop 2026', site='shop'):
    for host in hosts or ('',):
        store.run('bind', 'add', site, f'https://127.0.0.1:{port}', *(('--host', host) if host else ()), '--cert', cert)


def everything(store):
    """What the lists say: the same before and after something that must change nothing."""
    commands = (('request', 'list'), ('ca', 'queue', '--all'), ('ca', 'issued'), ('cert', 'list'), ('site', 'list'), ('bind', 'list'), ('policy', 'list'),
                ('undo', '--list'), ('audit', 'list'))
    return [store.json(*command) for command in commands]
