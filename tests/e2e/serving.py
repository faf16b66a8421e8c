"""Sites that are served, for tests that look at how: certificates, folders, bindings."""
import clients


def certificate(store, host, *options):
    """A certificate of the own CA for the host, installed under the host's name; its name."""
    key = options[0] if options else 'ec:p256'
    name = f'{host} {key}'
    csr, bundle = f'{host}.csr', f'{host}.p7b'
    store.run('request', 'new', host, '--key', key, '--out', csr, '--force')
    store.run('ca', 'submit', csr)
    store.run('ca', 'approve', host)
    store.run('ca', 'fetch', host, '--format', 'p7b', '--out', bundle, '--force')
    store.run('cert', 'install', bundle, '--name', name)
    return name


def site(store, name):
    """A site with one page that says its name."""
    folder = store.folder / name
    folder.mkdir()
    (folder / 'index.html').write_text(f'<h1>{name}</h1>', encoding='ascii')
    store.run('site', 'add', name, '--root', folder)
    return name


def root(store):
    """The file with the own CA's root."""
    file = store.folder / 'root.pem'
    file.write_text(store.run('ca', 'root').out, encoding='ascii')
    return file


def bind(store, port, host, *options, key='ec:p256'):
    """A site and a certificate of the host's name, bound at the port."""
    url = f'https://127.0.0.1:{port}'
    store.run('bind', 'add', site(store, host), url, '--host', host,
              '--cert', certificate(store, host, key), *options)
    return url


def handshake(store, port, host, *options):
    """What OpenSSL's client tells of one handshake, whether it succeeds or not."""
    return clients.s_client(port, store.folder / 'root.pem', host, *options, check=False)
