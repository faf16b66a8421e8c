#!/usr/bin/python3
"""From the program's start until it listens, with ten sites; and what the program weighs."""
import os
import statistics
import subprocess
import sys

import lab

SITES = 10
STARTS = 20
GOAL_START_MS, GOAL_BYTES = 50, 5 * 1024 * 1024


class Ten(lab.Padlock):
    def __init__(self, folder):
        super().__init__(folder)
        for number in range(1, SITES):
            name = f's{number}.bench.test'
            certificate, key, both = (self.path / f'{number}.{end}' for end in ('pem', 'key', 'both'))
            lab.make_certificate(name, certificate, key)
            both.write_text(certificate.read_text() + key.read_text())
            self.cli('cert', 'import', both)
            self.cli('site', 'add', f's{number}', '--root', folder.root)
            self.cli('bind', 'add', f's{number}', f'https://127.0.0.1:{self.port}', '--host', name, '--cert', name)


def stripped_size(folder):
    copy = folder.path / 'stripped'
    subprocess.run(['strip', '-o', copy, lab.PADLOCK], check=True)
    return os.stat(copy).st_size


def main():
    folder = lab.Folder()
    server = Ten(folder)
    times = {True: [], False: []}
    for _ in range(STARTS):
        for is_pinned, found in times.items():
            found.append(server.start_timed(is_pinned) * 1000)
            server.stop()
    rows = [{'measure': f'start to listening, {SITES} sites, ms', 'goal_value': GOAL_START_MS,
             'median': {'padlock': statistics.median(times[False])}, 'ratio': {}},
            {'measure': 'the same on one core, ms', 'goal_value': GOAL_START_MS,
             'median': {'padlock': statistics.median(times[True])}, 'ratio': {}},
            {'measure': 'program without OpenSSL, bytes', 'goal_value': GOAL_BYTES,
             'median': {'padlock': stripped_size(folder)}, 'ratio': {}}]
    print(rows, file=sys.stderr, flush=True)
    for row in rows:
        lab.save('start', row)


main()
