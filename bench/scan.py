#!/usr/bin/python3
"""What scanning costs: one listener in full, beside sslscan; the certificates of 10,000 listeners."""
import resource
import socket
import statistics
import subprocess
import sys
import time

import lab
import names

LISTENERS, RANGE = 10000, '127.1.0.0-127.1.39.15'
GOAL_FULL_S, GOAL_RATE = 0.5, 3000


def measured(core, command):
    """Wall time, CPU time of all its processes, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(lab.pinned(core, command), capture_output=True, text=True, check=False)
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def serve(folder, port):
    store = folder.path / 'store'
    command = [lab.PADLOCK, '--data', store, '--quiet']
    lab.run(*command, 'init', '--ca-name', 'Bench')
    lab.run(*command, 'request', 'new', 'localhost', '--out', folder.path / 'csr')
    lab.run(*command, 'ca', 'issue', folder.path / 'csr')
    lab.run(*command, 'ca', 'fetch', 'localhost', '--format', 'p7b', '--out', folder.path / 'p7b')
    lab.run(*command, 'cert', 'install', folder.path / 'p7b', '--name', 'leaf')
    lab.run(*command, 'site', 'add', 'all', '--root', folder.root)
    lab.run(*command, 'bind', 'add', 'all', f'https://0.0.0.0:{port}', '--host', 'localhost', '--cert', 'leaf', '--no-wait')
    process = subprocess.Popen(lab.pinned(lab.CORES[0], [lab.PADLOCK, '--data', store, 'serve', '--quiet']),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + lab.START_TIMEOUT
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', port)) == 0:
                return process
        time.sleep(0.02)
    raise SystemExit('bench: the server does not listen')


def full(port, name):
    one = {'padlock': [lab.PADLOCK, 'scan', f'localhost@127.0.0.1:{port}', '--json', '--rate', '0'],
           'sslscan': ['sslscan', '--sni-name=localhost', f'127.0.0.1:{port}']}
    rounds = [{who: measured(lab.CORES[-1], command)[:2] for who, command in one.items()} for _ in range(lab.ROUNDS)]
    return {'measure': f'one listener in full, s ({name})', 'goal_s': GOAL_FULL_S,
            'median': {who: statistics.median(one[who][0] for one in rounds) for who in one},
            'cpu': {who: statistics.median(one[who][1] for one in rounds) for who in one},
            'ratio': {'sslscan': statistics.median(one['padlock'][0] / one['sslscan'][0] for one in rounds)}}


def inventory(what, *targets):
    command = [lab.PADLOCK, 'scan', *targets, '--certificates', '--rate', '0', '--quiet', '--results', lab.RESULTS / 'scan.tmp']
    rates, cores = [], []
    for _ in range(lab.ROUNDS):
        wall, cpu, _ = measured(lab.CORES[-1], command)
        with open(command[-1], encoding='utf-8') as file:
            lines = file.read().splitlines()
        (lab.RESULTS / 'scan.tmp').unlink()
        assert sum('"state":"finished"' in line for line in lines) == LISTENERS, len(lines)
        rates.append(LISTENERS / wall)
        cores.append(LISTENERS / cpu)
    return {'measure': f'certificates of {LISTENERS:,} {what}, a second and core', 'goal_rate': GOAL_RATE,
            'median': {'padlock': statistics.median(cores)}, 'a_second': statistics.median(rates), 'ratio': {}}


def different(folder):
    """As many names, each with a certificate of its own, at one server."""
    farm = names.Farm(folder, LISTENERS)
    targets = folder.path / 'targets'
    farm.start()
    try:
        targets.write_text(''.join(f'{names.host(i)}@127.0.0.1:{farm.port}\n' for i in range(LISTENERS)))
        return inventory('names, each another certificate', '--file', targets, '--per-host', '64')
    finally:
        farm.stop()


def main():
    lab.raise_limits()
    folder = lab.Folder()
    port = lab.free_port()
    process = serve(folder, port)
    try:
        rows = [full(port, 'padlock, intermediate'),
                inventory('listeners with one certificate', f'{RANGE}:{port}', '--sni', 'localhost')]
    finally:
        process.terminate()
        process.wait(30)
    rows.append(different(lab.Folder()))
    for row in rows:
        print(row, file=sys.stderr, flush=True)
        lab.save('scan', row)


if __name__ == '__main__':
    main()
