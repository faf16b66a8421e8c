#!/usr/bin/python3
"""Bindings at scale: start, memory, the first handshake of a name, changes that are seen on the wire.

    bench/names.py [COUNT…]      default 10000 and 100000 names

The store is made by bench/seed.c through the program's own use cases, before anything is measured,
and kept in the cache for the next time. Up to 100,000 names each has a certificate and key of its
own; beyond, ten names share one, so that a million takes half an hour and not two.
"""
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

import lab

SAMPLES = 200
REBINDS_TIMED = int(os.environ.get('BENCH_REBINDS_TIMED', '50'))
REBINDS_UNDER_LOAD = int(os.environ.get('BENCH_REBINDS', '1000'))
VISIBLE_TIMEOUT = 30
LOOK_EVERY_S = 0.002
OWN_CERTIFICATE_MAX, SHARED = 100000, 10
PREFIX = 'n'


class Farm(lab.Padlock):
    """A server of many names."""

    def __init__(self, folder, count):
        lab.Server.__init__(self, folder)
        self.count = count
        self.shared = SHARED if count > OWN_CERTIFICATE_MAX else 1
        kept = lab.CACHE / 'bench-names' / str(count)
        self.data = kept / 'data'
        about = kept / 'about.json'
        if not about.exists() or subprocess.run([lab.PADLOCK, 'audit', 'list', '--data', self.data],
                                                capture_output=True).returncode != 0:
            self.seed(kept, about)
        known = json.loads(about.read_text())
        self.port, self.seed_seconds = known['port'], known['seed_seconds']
        (self.data / 'serving').unlink(missing_ok=True)

    def seed(self, kept, about):
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        self.cli('init', '--no-ca')
        self.cli('site', 'add', 'bench', '--root', kept)
        begun = time.monotonic()
        lab.run(lab.BUILD / 'bench/seed', self.data, 'bench', f'https://127.0.0.1:{self.port}', self.count, PREFIX,
                self.shared)
        about.write_text(json.dumps({'port': self.port, 'seed_seconds': time.monotonic() - begun}))


def host(number):
    return f'{PREFIX}{number}.bench.test'


def shown(port, name):
    """The certificate that a client is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(('127.0.0.1', port), timeout=VISIBLE_TIMEOUT) as plain:
        with context.wrap_socket(plain, server_hostname=name) as connection:
            return connection.getpeercert(binary_form=True)


def cold_and_warm(farm, folder):
    """Milliseconds of a handshake: the names' first, and their second."""
    names = folder.path / 'cold'
    names.write_text('\n'.join(map(host, random.sample(range(farm.count), SAMPLES))))
    options = ('--mode', 'handshake', '--connections', 1, '--order', '--names', names, '--count', SAMPLES)
    return tuple(lab.load(farm.port, *options)['us']['p50'] / 1000 for _ in range(2))


class Changer:
    """One name's binding (with those that share its certificate) between two certificates, back and forth."""

    def __init__(self, farm, number):
        self.farm, self.name, self.turn = farm, host(number), 0
        certificate, key, both = (farm.path / f'other.{end}' for end in ('pem', 'key', 'both'))
        lab.make_certificate([host(n) for n in range(number, number + farm.shared)], certificate, key)
        both.write_text(certificate.read_text() + key.read_text())
        farm.cli('cert', 'import', both, '--name', f'other {number}')
        self.ends = [self.name, f'other {number}']

    def command(self):
        ends = self.ends[::-1] if self.turn % 2 else self.ends
        self.turn += 1
        return [str(word) for word in (lab.PADLOCK, 'cert', 'replace', *ends, '--data', self.farm.data)]

    def timed(self):
        """Milliseconds from the command's start until the change is seen by a client."""
        before = shown(self.farm.port, self.name)
        begun = time.monotonic()
        command = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while shown(self.farm.port, self.name) == before:
            time.sleep(LOOK_EVERY_S)
            if time.monotonic() - begun > VISIBLE_TIMEOUT:
                raise SystemExit(f'bench: a change is not seen: {command.communicate()[1]}')
        passed = time.monotonic() - begun
        if command.wait() != 0:
            raise SystemExit(f'bench: cert replace: {command.stderr.read()}')
        return passed * 1000


class Load(threading.Thread):
    """Handshakes for random names until it is told to stop."""

    def __init__(self, farm, names):
        super().__init__()
        self.farm, self.names, self.is_over, self.count, self.errors, self.first = farm, names, False, 0, 0, ''

    def run(self):
        while not self.is_over:
            answer = lab.load(self.farm.port, '--mode', 'handshake', '--connections', 4, '--names', self.names,
                              '--seconds', 2)
            self.count += answer['count']
            self.errors += answer['errors']
            self.first = self.first or answer['first_error']


def spread(figures):
    ordered = sorted(figures)
    return {name: ordered[min(len(ordered) - 1, int(len(ordered) * part))]
            for name, part in (('median', 0.5), ('p90', 0.9), ('p99', 0.99), ('max', 1))}


def rebind_under_load(farm, folder, changer):
    names = folder.path / 'all'
    names.write_text('\n'.join([changer.name, *map(host, range(min(farm.count, 2000)))]))
    load = Load(farm, names)
    before = farm.processes()
    load.start()
    begun = time.monotonic()
    figures = [changer.timed() for _ in range(REBINDS_UNDER_LOAD)]
    seconds = time.monotonic() - begun
    load.is_over = True
    load.join()
    return {'changes': REBINDS_UNDER_LOAD, 'seconds': seconds, 'handshakes': load.count, 'failed': load.errors,
            'first_error': load.first, 'processes_are_the_same': farm.processes() == before, 'ms': spread(figures)}


def measure(count):
    folder = lab.Folder()
    farm = Farm(folder, count)
    result = {'names': count, 'seed_seconds': farm.seed_seconds, 'first_start_s': farm.start_timed()}
    farm.stop()
    result['second_start_s'] = farm.start_timed()
    time.sleep(2)
    result['memory_bytes_per_name'] = farm.memory() / count
    result['cold_ms'], result['warm_ms'] = cold_and_warm(farm, folder)
    changer = Changer(farm, count // 2)
    figures = [changer.timed() for _ in range(REBINDS_TIMED)]
    result['rebind_ms'] = spread(figures)
    result['rebinds_under_load'] = rebind_under_load(farm, folder, changer)
    result['memory_bytes_per_name_after'] = farm.memory() / count
    farm.stop()
    return result


def main():
    lab.raise_limits()
    for count in [int(word) for word in sys.argv[1:]] or [10000, 100000]:
        result = measure(count)
        print(result, file=sys.stderr, flush=True)
        lab.save('names', {'measure': f'{count} names', **result})


if __name__ == '__main__':
    main()
