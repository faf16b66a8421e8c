"""The README's ten commands, exactly as they are printed, by a shell.

They name /srv/shop, port 8443 and the default data directory: a mount and a network namespace give
them these to themselves.
"""
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
APART = r'''
set -eu
ip link set lo up
mkdir -p "$EMPTY/srv/shop" "$EMPTY/lib"
echo '<h1>shop</h1>' >"$EMPTY/srv/shop/index.html"
mount --bind "$EMPTY/srv" /srv
mount --bind "$EMPTY/lib" /var/lib
exec sh -eu "$1"
'''
AFTER = r'''
curl --silent --show-error --fail --cacert root.pem --resolve www.example.com:8443:127.0.0.1 https://www.example.com:8443/
padlock cert list
kill $!
wait $! || echo "serve ended with $?"
'''


def ten_commands():
    readme = (TOP / 'README.md').read_text(encoding='utf-8')
    block = re.search(r'## The whole way in ten commands\n\n((?:    .*\n)+)', readme).group(1)
    return [line[4:] for line in block.splitlines()]


def test_there_are_ten():
    commands = ten_commands()
    assert len(commands) == 10 and all(command.startswith('padlock ') for command in commands)
    assert [command.split()[1] for command in commands] == \
        ['init', 'request', 'ca', 'ca', 'ca', 'cert', 'site', 'bind', 'serve', 'verify']


def test_they_work_as_printed(padlock, tmp_path):
    binaries = tmp_path / 'bin'
    binaries.mkdir()
    (binaries / 'padlock').symlink_to(padlock.binary)
    script = tmp_path / 'walk.sh'
    script.write_text('\n'.join([*ten_commands(), 'padlock ca root --out root.pem']) + '\n' + AFTER, encoding='utf-8')
    environment = dict(padlock.environment, PATH=f'{binaries}:{padlock.environment["PATH"]}', EMPTY=str(tmp_path / 'empty'))
    user = [] if os.geteuid() == 0 else ['--map-root-user']
    done = subprocess.run(['unshare', '--mount', '--net', *user, '--propagation', 'private', 'sh', '-c', APART, 'sh', script],
                          cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100, check=False)
    text = done.stdout.decode('utf-8', 'replace')
    assert done.returncode == 0, text
    for sign in ('✓ dates', '✓ chain', '✓ signatures', '✓ name', '✓ revocation', '<h1>shop</h1>', 'Shop 2026'):
        assert sign in text, text
    assert '✗' not in text and 'serve ended' not in text, text
