"""Real clients: what other people's programs see of a server or a file."""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import time

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service


def run(*command, stdin=None, home=None, check=True, timeout=60):
    """Runs a program; its output, both streams in one, as text."""
    environment = dict(os.environ, LC_ALL='C.UTF-8')
    if home is not None:
        environment['HOME'] = str(home)
    completed = subprocess.run([str(word) for word in command], input=stdin, timeout=timeout,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                               check=False)
    text = completed.stdout.decode('utf-8', 'replace')
    assert not check or completed.returncode == 0, f'{command}: {completed.returncode}\n{text}'
    return text


def curl(url, root, *options, check=True):
    """Fetches a page, trusting this root alone. A name other than localhost needs resolve()."""
    return run('curl', '--silent', '--show-error', '--max-time', '20', '--cacert', root,
               '--capath', '/nonexistent', *options, url, check=check)


def resolve(host, port, address='127.0.0.1'):
    """curl's options that make a name lead to an address."""
    return ('--resolve', f'{host}:{port}:{address}')


def s_client(port, root, host, *options, check=True):
    """One handshake by OpenSSL's client, verified for the host."""
    return run('openssl', 's_client', '-connect', f'127.0.0.1:{port}', '-servername', host,
               '-verify_hostname', host, '-verify_return_error', '-CAfile', root, '-no-CApath',
               '-no-CAstore', *options, stdin=b'', check=check)


def gnutls(port, root, host, check=True):
    """One handshake by GnuTLS's client, verified for the host."""
    return run('gnutls-cli', '--x509cafile', root, '--verify-hostname', host,
               '--sni-hostname', host, '-p', port, '127.0.0.1', stdin=b'', check=check)


def served_chain(port, host):
    """The certificates that a server sends, as PEM texts, the server's own first."""
    text = run('openssl', 's_client', '-connect', f'127.0.0.1:{port}', '-servername', host,
               '-showcerts', stdin=b'', check=False)
    return re.findall(r'-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n', text, re.DOTALL)


def openssl_text(file, kind='x509'):
    return run('openssl', kind, '-in', file, '-noout', '-text', '-nameopt', 'RFC2253,utf8')


def certtool(*options, stdin=None, check=True):
    return run('certtool', *options, stdin=stdin, check=check)


def keytool(*options, home, check=True):
    return run('keytool', *options, home=home, check=check)


def pk12_list(file, password, check=True):
    """What NSS (Firefox) makes of a .pfx."""
    return run('pk12util', '-l', file, '-W', password, check=check)


class Browser:
    """Chromium, headless, with an empty home whose NSS store trusts one root, or none, or is a copy of nss.

    Nothing about certificates is switched off: what it shows is what a user would see.
    """

    def __init__(self, folder, root=None, hosts=None, nss=None):
        self.home = pathlib.Path(folder)
        store = self.home / '.pki/nssdb'
        store.parent.mkdir(parents=True)
        if nss is not None:
            shutil.copytree(nss, store)
        else:
            store.mkdir()
            run('certutil', '-d', f'sql:{store}', '-N', '--empty-password')
        if root is not None:
            run('certutil', '-d', f'sql:{store}', '-A', '-t', 'C,,', '-n', 'root', '-i', root)
        options = webdriver.ChromeOptions()
        options.binary_location = '/usr/bin/chromium'
        # No sandbox: the tests may run as root; the other switches keep it from calling home.
        for switch in ('--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run',
                       '--disable-dev-shm-usage', '--disable-background-networking',
                       '--disable-component-update', '--disable-sync', '--window-size=1280,900',
                       f'--user-data-dir={self.home}/profile'):
            options.add_argument(switch)
        if hosts:
            rules = ','.join(f'MAP {name} {address}' for name, address in hosts.items())
            options.add_argument(f'--host-resolver-rules={rules}')
        environment = dict(os.environ, HOME=str(self.home), XDG_CONFIG_HOME=f'{self.home}/.config',
                           XDG_CACHE_HOME=f'{self.home}/.cache')
        service = Service('/usr/bin/chromedriver', env=environment,
                          log_path=str(self.home / 'chromedriver.log'))
        self.driver = webdriver.Chrome(service=service, options=options)
        self.driver.set_page_load_timeout(30)

    def open(self, url):
        """Opens a page; the name of the network error (ERR_CERT_…), or None when it was shown."""
        try:
            self.driver.get(url)
        except WebDriverException as failure:
            error = re.search(r'ERR_\w+', str(failure))
            if error is None:
                raise
            return error.group(0)
        # An interstitial about a certificate is a page of its own, not a failed navigation.
        error = re.search(r'(?:NET::)?(ERR_\w+)', self.driver.page_source) \
            if self.driver.current_url.startswith('chrome-error:') or \
            'id="main-frame-error"' in self.driver.page_source or \
            'interstitial-wrapper' in self.driver.page_source else None
        return error.group(1) if error else None

    @property
    def text(self):
        return self.driver.find_element('tag name', 'body').text

    def close(self):
        self.driver.quit()


def wait_until(condition, seconds=30):
    """Until the condition holds, looked at ten times a second."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f'not within {seconds} s'
        time.sleep(0.1)


@contextlib.contextmanager
def browser(folder, root=None, hosts=None, nss=None):
    one = Browser(folder, root, hosts, nss)
    try:
        yield one
    finally:
        one.close()
