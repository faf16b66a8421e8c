"""Runs Padlock's binary: single commands, and servers whose log is kept."""
import contextlib
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

SANITIZER = re.compile(r'(AddressSanitizer|LeakSanitizer|runtime error:)')


# Below the ports that the system gives to connections that go out, a part for each process of tests.
FIRST_PORT, PORTS_EACH = 10000, 2000
_next_port = itertools.count(os.getpid())


def free_ports(count):
    """Ports that nobody listens on now, and that no test beside this one is given."""
    worker = int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw'))
    ports = []
    while len(ports) < count:
        port = FIRST_PORT + worker * PORTS_EACH + next(_next_port) % PORTS_EACH
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(('127.0.0.1', port))
            ports.append(port)
    return ports


class Result:
    """What a command answered."""

    def __init__(self, arguments, completed):
        self.arguments = arguments
        self.code = completed.returncode
        self.out = completed.stdout.decode('utf-8')
        self.err = completed.stderr.decode('utf-8')
        self.bytes = completed.stdout

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f'padlock {" ".join(self.arguments)}\nexit {self.code}\n{self.out}{self.err}'


class Padlock:
    """The binary with one data folder and an empty home."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.data = folder / 'data'
        self.home = folder / 'home'
        self.home.mkdir(exist_ok=True)
        self.environment = {
            'PATH': '/usr/bin:/bin:/usr/sbin:/sbin', 'HOME': str(self.home), 'LANG': 'C.UTF-8',
            'TERM': 'dumb', 'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0',
            'UBSAN_OPTIONS': 'print_stacktrace=1',
        }

    def copy_store(self, data):
        """A data folder that was made before, with its owners and modes."""
        subprocess.run(['cp', '-a', str(data), str(self.data)], check=True)
        return self

    def command(self, *arguments):
        return [str(self.binary), '--data', str(self.data), *map(str, arguments)]

    def attempt(self, *arguments, stdin=b'', timeout=60):
        """Runs a command, whatever becomes of it. Only a crash fails the test."""
        completed = subprocess.run(
            self.command(*arguments), input=stdin, capture_output=True, timeout=timeout,
            env=self.environment, cwd=self.folder, check=False)
        result = Result([str(a) for a in arguments], completed)
        assert result.code >= 0, f'killed by signal {-result.code}: {result!r}'
        assert not SANITIZER.search(result.err), repr(result)
        return result

    def run(self, *arguments, **options):
        """Runs a command that must succeed."""
        result = self.attempt(*arguments, **options)
        assert result.code == 0, repr(result)
        return result

    def json(self, *arguments, **options):
        """The JSON document of a command that must succeed."""
        return self.run('--json', *arguments, **options).json

    def fails(self, exit_code, code, *arguments, **options):
        """Runs a command that must fail with this exit code and stable error code, both ways."""
        result = self.attempt(*arguments, **options)
        assert result.code == exit_code, repr(result)
        assert f'[{code}]' in result.err, repr(result)
        assert result.out == '', repr(result)
        document = self.attempt('--json', *arguments, **options)
        assert document.code == exit_code, repr(document)
        assert document.json['code'] == code, repr(document)
        return result


class Server:
    """A command that stays: its log is read as it comes, and it is stopped by its own id."""

    # How long its processes may live after it.
    grace_seconds = 5

    def __init__(self, padlock, *arguments, ready=r'\bready\b'):
        self.ready = re.compile(ready)
        self.lines = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            padlock.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=padlock.environment, cwd=padlock.folder)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.decode('utf-8', 'replace').rstrip('\n'))
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        with self.changed:
            return '\n'.join(self.lines)

    def wait_log(self, pattern, timeout=30):
        """Waits for a line that the pattern matches, and returns the match."""
        pattern = re.compile(pattern)
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                for line in self.lines:
                    match = pattern.search(line)
                    if match:
                        return match
                left = deadline - time.monotonic()
                assert left > 0 and self.process.poll() is None, \
                    f'no {pattern.pattern!r} in the log:\n' + '\n'.join(self.lines)
                self.changed.wait(min(left, 0.2))

    def wait_ready(self):
        return self.wait_log(self.ready)

    def children(self):
        """The ids of all processes below this one."""
        found, waiting = [], [self.pid]
        while waiting:
            pid = waiting.pop()
            try:
                with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
                    below = [int(word) for word in file.read().split()]
            except FileNotFoundError:
                below = []
            found += below
            waiting += below
        return found

    def stop(self, with_signal=signal.SIGTERM, timeout=20):
        """Ends the server; it must end by itself, cleanly, and leave no process behind."""
        children = self.children()
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f'did not stop in {timeout} s:\n{self.log}') from None
        self.reader.join(self.grace_seconds)
        assert code == 0, f'exit {code}:\n{self.log}'
        assert not SANITIZER.search(self.log), self.log
        deadline = time.monotonic() + self.grace_seconds
        while any(os.path.exists(f'/proc/{pid}') for pid in children):
            assert time.monotonic() < deadline, 'processes were left behind'
            time.sleep(0.05)
