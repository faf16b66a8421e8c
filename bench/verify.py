#!/usr/bin/python3
"""Chains verified for each second of one core's time: ours with all five checks, OpenSSL's path alone."""
import json
import statistics
import sys

import lab

GOAL = 20000


def measure(kind):
    rounds = [json.loads(lab.run(lab.BUILD / 'bench/verify', kind, 2000, lab.SECONDS)) for _ in range(lab.ROUNDS)]
    row = {'measure': f'chains verified a second and core (leaf, issuing CA, root; {kind})', 'goal_rate': GOAL,
           'median': {name: statistics.median(one[name] for one in rounds) for name in ('padlock', 'openssl')},
           'ratio': {'openssl': statistics.median(one['padlock'] / one['openssl'] for one in rounds)}}
    print(row, file=sys.stderr, flush=True)
    lab.save('verify', row)


def main():
    for kind in ('P-256', 'RSA-2048'):
        measure(kind)


if __name__ == '__main__':
    main()
