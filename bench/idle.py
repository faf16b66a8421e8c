#!/usr/bin/python3
"""Memory of an idle keep-alive TLS connection: what a fresh server grows by, divided.

Each connection has made one request. Pages that processes share are divided among them (PSS).
"""
import json
import os
import subprocess
import sys

import lab

CONNECTIONS = int(os.environ.get('BENCH_IDLE', '2000'))
GOAL_BYTES = 10000


def measure(kind, folder):
    server = kind(folder).start()
    before = server.memory()
    client = subprocess.Popen(
        lab.load_command(server.port, '--mode', 'idle', '--path', '/1k', '--connections', CONNECTIONS),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    answer = json.loads(client.stdout.readline())
    grown = server.memory() - before
    client.stdin.close()
    client.wait()
    server.stop()
    if answer['errors'] or answer['count'] != CONNECTIONS:
        raise SystemExit(f'bench: {server.name}: {answer}')
    return grown / CONNECTIONS


def main():
    lab.raise_limits()
    folder = lab.Folder()
    median = {}
    for kind in (lab.Padlock, *lab.PEERS):
        median[kind.name] = measure(kind, folder)
        print(kind.name, round(median[kind.name]), file=sys.stderr, flush=True)
    ratios = {name: median['padlock'] / figure for name, figure in median.items()}
    lab.save('idle', {'measure': 'idle connection, bytes', 'goal_value': GOAL_BYTES, 'median': median, 'ratio': ratios})


main()
