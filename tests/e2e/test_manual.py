"""The help and the manual page know what the program knows; "make install" brings both along."""
import os
import pathlib
import subprocess

import pytest

import clients

TOP = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def make():
    """Runs make in the tree, as a packager would."""
    def run(*words):
        environment = {name: value for name, value in os.environ.items() if not name.startswith('MAKE')}
        return subprocess.run(['make', '--no-print-directory', '-C', TOP, *map(str, words)], text=True,
                              env=environment, check=True, stdout=subprocess.PIPE, timeout=100).stdout
    return run


def test_the_manual_has_no_fault(padlock, tmp_path):
    page = tmp_path / 'padlock.1'
    page.write_bytes(padlock.run('help', '--manual').bytes)
    assert clients.run('mandoc', '-Tlint', page, check=False) == ''


def test_the_manual_has_every_command_option_and_error(padlock, tmp_path):
    page = tmp_path / 'padlock.1'
    page.write_bytes(padlock.run('help', '--manual').bytes)
    text = clients.run('mandoc', '-Tutf8', '-O', 'width=200', page)
    for sign in ('\b', '_\b'):
        assert sign in text  # bold and underlined
    plain = clients.run('col', '-b', stdin=text.encode())
    document = padlock.run('help', '--json').json
    assert len(document['commands']) > 40
    for command in document['commands']:
        assert f'\n   {command["command"]}' in plain
        for option in command['options'] + document['options']:
            assert f'--{option["name"]}' in plain
    catalogue = (TOP / 'src/base/err_codes.def').read_text(encoding='utf-8')
    codes = [line.split('"')[1] for line in catalogue.splitlines() if line.startswith('ERR_CODE(')]
    assert len(codes) > 200
    for code in codes:
        assert f'\n     {code} (' in plain


def test_each_command_has_its_help(padlock):
    for command in padlock.run('help', '--json').json['commands']:
        said = padlock.run(*command['command'].split(), '--help').out
        assert said.startswith(f'usage: padlock {command["command"]}')
        assert said == padlock.run('help', *command['command'].split()).out
        assert padlock.run('--json', 'help', *command['command'].split()).json == command
        for option in command['options']:
            assert f'--{option["name"]}' in said


def test_help_knows_groups_and_says_what_it_does_not_know(padlock):
    group = padlock.run('help', 'cert', '--json').json['commands']
    assert {'cert install', 'cert list'} <= {command['command'] for command in group}
    padlock.fails(2, 'cli.command.unknown', 'help', 'nothing')
    padlock.fails(2, 'cli.command.missing', 'help', 'cert', 'nothing')


@pytest.mark.plain
def test_install_and_uninstall(make, tmp_path):
    make('install', f'DESTDIR={tmp_path}')
    program = tmp_path / 'usr/local/bin/padlock'
    said = clients.run(program, '--version')
    assert said.startswith('padlock 0.')
    assert clients.run('mandoc', '-Tlint', tmp_path / 'usr/local/share/man/man1/padlock.1', check=False) == ''
    assert (tmp_path / 'usr/local/lib/padlock/libssl.so.3').exists() or 'OpenSSL 3.5' in clients.run('openssl', 'version')
    make('uninstall', f'DESTDIR={tmp_path}')
    assert [path for path in tmp_path.rglob('*') if not path.is_dir()] == []


def test_make_help_lists_every_target(make):
    said = make('help')
    targets = next(line for line in (TOP / 'Makefile').read_text(encoding='utf-8').splitlines() if line.startswith('.PHONY:'))
    for target in set(targets.split()[1:]) - {'all', 'test-build', 'help'}:
        assert f'make {target}' in said, target
