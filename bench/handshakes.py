#!/usr/bin/python3
"""CPU time of a server for handshakes and requests, side by side in alternating rounds.

    bench/handshakes.py [WORD…]      only the rows whose names have one of the words
"""
import statistics
import sys

import lab

# name, key, options of the load, goal as a ratio to nginx 1.26 (None: there is none)
ROWS = (
    ('full handshake', lab.P256, ('--mode', 'handshake'), 0.65),
    ('full + GET 1 KiB', lab.P256, ('--mode', 'get', '--path', '/1k'), 0.65),
    ('resumed + GET 1 KiB', lab.P256, ('--mode', 'resumed', '--path', '/1k'), 0.60),
    ('full, X25519MLKEM768', lab.P256, ('--mode', 'handshake', '--group', 'X25519MLKEM768'), 0.70),
    ('full, RSA-2048', lab.RSA2048, ('--mode', 'handshake'), None),
    ('full, TLS 1.2, ECDHE-ECDSA', lab.P256, ('--mode', 'handshake', '--tls12', '--group', 'X25519:P-256'), None),
    ('full, TLS 1.2, ECDHE-RSA', lab.RSA2048, ('--mode', 'handshake', '--tls12'), None),
    ('keep-alive GET 1 KiB', lab.P256, ('--mode', 'requests', '--path', '/1k'), 0.75),
    ('GET 1 MiB, keep-alive', lab.P256, ('--mode', 'requests', '--path', '/1m'), 0.65),
)


def can(server, name):
    if 'MLKEM' in name:
        return isinstance(server, (lab.Padlock, lab.NginxNew))
    return server.has_large_body or '1 MiB' not in name


def measure(servers, name, options):
    able = [server for server in servers if can(server, name)]
    figures = {server.name: [] for server in able}
    resumed = {}
    for number in range(lab.ROUNDS):
        shift = number % len(able)
        for server in able[shift:] + able[:shift]:
            cost, answer = lab.cpu_per_work(server, *options)
            figures[server.name].append(cost)
            resumed[server.name] = answer['resumed'] / answer['count']
    if 'resumed' in options and min(resumed.values()) < 0.9:
        raise SystemExit(f'bench: not resumed: {resumed}')
    return figures


def main():
    lab.raise_limits()
    servers = {}
    for name, key, options, goal in ROWS:
        if len(sys.argv) > 1 and not any(word in name for word in sys.argv[1:]):
            continue
        if key not in servers:
            folder = lab.Folder(key)
            servers[key] = [kind(folder).start() for kind in (lab.Padlock, *lab.PEERS)]
        figures = measure(servers[key], name, options)
        row = {
            'measure': f'{name}, µs', 'goal': goal, 'rounds': figures,
            'median': {peer: statistics.median(costs) for peer, costs in figures.items()},
            'ratio': {peer: lab.ratio(figures['padlock'], costs) for peer, costs in figures.items()},
        }
        print(name, {peer: round(cost, 1) for peer, cost in row['median'].items()},
              {peer: round(value, 2) for peer, value in row['ratio'].items()}, file=sys.stderr, flush=True)
        lab.save('handshakes', row)


main()
