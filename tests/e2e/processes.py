"""The server's processes, as the system shows them."""
import os
import re
import signal
import ssl
import socket
import threading
import time

NAMES = ('keys', 'control', 'probe', 'net', 'net-services')
COMM_MAX = 15  # the kernel cuts names there


def by_role(server):
    """{role: [process id, …]} of the server's children."""
    found = {name: [] for name in NAMES}
    for pid in server.children():
        try:
            with open(f'/proc/{pid}/comm', encoding='ascii') as file:
                name = file.read().strip()
        except FileNotFoundError:
            continue
        for role in NAMES:
            if name == f'padlock-{role}'[:COMM_MAX]:
                found[role].append(pid)
    return found


def wait_for(condition, seconds=10, what=''):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f'waited {seconds} s for {what or condition}'
        time.sleep(0.01)


def settled(server):
    """by_role() once all are there and have restricted themselves: some come after it serves."""
    def all_restricted():
        roles = by_role(server)
        is_whole = all(roles.values()) and all(status(pid, 'Seccomp') == '2' for pids in roles.values() for pid in pids)
        return roles if is_whole else None
    return wait_for(all_restricted, what='all processes')


def status(pid, field):
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        return re.search(rf'^{field}:\s*(\S+)', file.read(), re.MULTILINE).group(1)


def memory_has(pid, needles):
    """The names of those needles {name: bytes} that the process's writable memory holds."""
    found = set()
    with open(f'/proc/{pid}/maps', encoding='ascii') as maps, \
            open(f'/proc/{pid}/mem', 'rb') as memory:
        for line in maps:
            bounds, rights = line.split()[:2]
            if 'r' not in rights or '[v' in line:
                continue
            start, end = (int(word, 16) for word in bounds.split('-'))
            try:
                memory.seek(start)
                content = memory.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue
            found |= {name for name, needle in needles.items() if needle in content}
    return found


class Load:
    """Full handshakes and requests, one after the other in several threads, until it is left."""

    def __init__(self, port, root, host, threads=2):
        self.port, self.host, self.root = port, host, root
        self.done, self.errors, self.ends = 0, [], False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def connect(self):
        context = ssl.create_default_context(cafile=str(self.root))
        plain = socket.create_connection(('127.0.0.1', self.port), timeout=10)
        try:
            return context.wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise

    def once(self):
        with self.connect() as secured:
            secured.sendall(f'GET / HTTP/1.1\r\nHost: {self.host}\r\n'
                            'Connection: close\r\n\r\n'.encode())
            answer = b''
            while True:
                part = secured.recv(65536)
                if not part:
                    break
                answer += part
        assert answer.startswith(b'HTTP/1.1 200'), answer[:100]

    def _run(self):
        while not self.ends:
            try:
                self.once()
                with self.lock:
                    self.done += 1
            except (OSError, AssertionError) as error:
                with self.lock:
                    self.errors.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        for thread in self.threads:
            thread.join(20)


def kill(pid):
    os.kill(pid, signal.SIGKILL)
