#!/usr/bin/python3
"""Chains verified for each second of one core's time: ours with all five checks, OpenSSL's path alone."""
import json
import statistics
import sys

import lab

GOAL = 20000


def main():
    rounds = [json.loads(lab.run(lab.BUILD / 'bench/verify', 2000, lab.SECONDS)) for _ in range(lab.ROUNDS)]
    row = {'measure': 'chains verified a second and core (leaf, issuing CA, root; P-256)', 'goal_rate': GOAL,
           'median': {name: statistics.median(one[name] for one in rounds) for name in ('padlock', 'openssl')},
           'ratio': {'openssl': statistics.median(one['padlock'] / one['openssl'] for one in rounds)}}
    print(row, file=sys.stderr, flush=True)
    lab.save('verify', row)


if __name__ == '__main__':
    main()
