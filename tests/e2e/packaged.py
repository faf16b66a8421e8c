"""Servers of Debian's packages that speak plain text first: unpacked by tools/fetch_servers, not installed.

Each runs in namespaces of its own, where its package lies over /usr and its user exists; on loopback.
"""
import contextlib
import subprocess

import pytest

import peers
from program import free_ports

TREE = peers.PROGRAMS / 'servers/usr'
USER = 'Debian-exim'  # which exim looks for; the others take any
START = '''mount -t overlay overlay -o "lowerdir=$1:/usr" /usr && mount --bind "$2" /etc/passwd &&
mount --bind "$3" /etc/group && shift 3 && exec unshare -U --map-user=1000 --map-group=1000 "$@"'''


def command(folder, *words):
    """The words as a command there. Skips the test where that cannot be had."""
    passwd, group = folder / 'passwd', folder / 'group'
    passwd.write_text(f'root:x:0:0::/:/bin/sh\n{USER}:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n', encoding='ascii')
    group.write_text(f'root:x:0:\n{USER}:x:1000:\nnogroup:x:65534:\n', encoding='ascii')
    before = ['unshare', '-r', '-m', 'sh', '-c', START, 'sh', str(TREE), str(passwd), str(group)]
    if not TREE.exists() or subprocess.run([*before, 'true'], capture_output=True, check=False).returncode != 0:
        pytest.skip('tools/fetch_servers could not bring it, or there are no overlays for users here')
    return before + [str(word) for word in words]


def needs(path):
    if not (TREE.parent / path).exists():
        pytest.skip(f'tools/fetch_servers could not bring {path}')


@contextlib.contextmanager
def slapd(folder, certificate):
    needs('usr/sbin/slapd')
    port = free_ports(1)[0]
    (folder / 'slapd.conf').write_text(f'pidfile {folder}/pid\nTLSCertificateFile {certificate}\n'
                                       f'TLSCertificateKeyFile {certificate.with_suffix(".key")}\n', encoding='ascii')
    words = command(folder, '/usr/sbin/slapd', '-d', '0', '-f', folder / 'slapd.conf', '-h', f'ldap://127.0.0.1:{port}/')
    with peers.running(words, port):
        yield {'ldap': port}


EXIM = '''
primary_hostname = mail.example.com
spool_directory = {folder}/spool
log_file_path = {folder}/exim-%slog
pid_file_path = {folder}/pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
'''


@contextlib.contextmanager
def exim(folder, certificate):
    needs('usr/sbin/exim4')
    port = free_ports(1)[0]
    (folder / 'exim.conf').write_text(EXIM.format(folder=folder, port=port, certificate=certificate,
                                                  key=certificate.with_suffix('.key')), encoding='ascii')
    with peers.running(command(folder, '/usr/sbin/exim4', '-bdf', '-C', folder / 'exim.conf'), port):
        yield {'smtp': port}


DOVECOT = '''
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {user}
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password=none
}}
userdb {{
  driver = static
  args = uid=1000 gid=1000 home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
'''


@contextlib.contextmanager
def dovecot(folder, certificate):
    needs('usr/lib/dovecot/lmtp')
    ports = dict(zip(('imap', 'pop3', 'lmtp'), free_ports(3)))
    (folder / 'dovecot.conf').write_text(DOVECOT.format(folder=folder, certificate=certificate, user=USER,
                                                        key=certificate.with_suffix('.key'), **ports), encoding='ascii')
    with peers.running(command(folder, '/usr/sbin/dovecot', '-F', '-c', folder / 'dovecot.conf'), ports['imap']):
        yield ports


@contextlib.contextmanager
def postgresql(folder, certificate):
    needs('usr/lib/postgresql/15/bin/postgres')
    port = free_ports(1)[0]
    programs, data = '/usr/lib/postgresql/15/bin', folder / 'data'
    made = subprocess.run(command(folder, f'{programs}/initdb', '-D', data, '-A', 'trust', '-N', '-U', 'u', '--no-locale'),
                          capture_output=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr
    key = folder / 'server.key'
    key.write_bytes(certificate.with_suffix('.key').read_bytes())
    key.chmod(0o600)
    words = command(folder, f'{programs}/postgres', '-D', data, '-p', port, '-c', 'listen_addresses=127.0.0.1',
                    '-c', f'unix_socket_directories={folder}', '-c', 'ssl=on', '-c', f'ssl_cert_file={certificate}',
                    '-c', f'ssl_key_file={key}', '-c', 'fsync=off')
    with peers.running(words, port):
        yield {'postgres': port}
