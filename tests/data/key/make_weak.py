#!/usr/bin/env python3
"""Makes the weak public keys beside this file: NAME.pem, the same bytes on each run (a fixed seed)."""
import base64
import math
import pathlib
import random

PRIMES = [n for n in range(2, 800) if all(n % d for d in range(2, math.isqrt(n) + 1))]
chance = random.Random(20170815)


def is_prime(n):
    if any(n % p == 0 for p in PRIMES):
        return n in PRIMES
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(20):
        x = pow(chance.randrange(2, n - 1), odd, n)
        if x not in (1, n - 1) and all((x := x * x % n) != n - 1 for _ in range(twos - 1)):
            return False
    return True


def next_prime(n):
    n |= 1
    while not is_prime(n):
        n += 2
    return n


def top(bits):
    """A random number whose square has twice its bits."""
    return chance.getrandbits(bits) | 3 << (bits - 2)


def prime(bits):
    return next_prime(top(bits))


def rough(bits):
    """A random number of that many bits without a prime factor up to 751."""
    n = chance.getrandbits(bits) | 1 << (bits - 1) | 1
    while any(n % p == 0 for p in PRIMES if p <= 751):
        n += 2
    return n


def roca_prime():
    m = math.prod(PRIMES[:126])
    while True:
        p = chance.randrange(2**1024 // m * 3 // 4, 2**1024 // m) * m + pow(65537, chance.getrandbits(60), m)
        if is_prime(p):
            return p


def fermat(rounds):
    """A modulus a² - b² that Fermat's method factors in exactly that many steps above the square root."""
    while True:
        a = top(1024)
        b = math.isqrt(2 * a * rounds - a)
        n = a * a - b * b
        if a - math.isqrt(n) == rounds and n.bit_length() == 2048 and all(n % p for p in PRIMES):
            return n


def der(tag, content):
    length = len(content)
    head = bytes([length]) if length < 128 else bytes([0x82]) + length.to_bytes(2, "big")
    return bytes([tag]) + head + content


def integer(n):
    return der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def write(name, n, e=65537):
    rsa = der(0x30, integer(n) + integer(e))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    text = base64.b64encode(der(0x30, algorithm + der(3, b"\0" + rsa))).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    out = ["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]
    (pathlib.Path(__file__).parent / f"{name}.pem").write_text("\n".join(out))


good = prime(1024) * prime(1024)
write("rsa_good", good)
write("rsa_2040", rough(2040))
write("rsa_2047", rough(2047))
write("rsa_2052", rough(2052))
write("rsa_2056", rough(2056))
write("rsa_8192", rough(8192))
write("rsa_8200", rough(8200))
write("rsa_exponent_1", good, 1)
write("rsa_exponent_3", good, 3)
write("rsa_exponent_4", good, 4)
write("rsa_exponent_256_bits", good, 2**256 - 1)
write("rsa_exponent_257_bits", good, 2**256 + 1)
write("rsa_even", good + 1)
for factor in (3, 751, 757):
    big = next_prime(chance.randrange(2**2047 // factor + 1, 2**2048 // factor))
    write(f"rsa_factor_{factor}", big * factor)
write("rsa_prime", prime(2048))
square = prime(1024)
write("rsa_square", square * square)
cube = next_prime(int(2**682 * 1.4) | chance.getrandbits(600))
write("rsa_cube", cube**3)
write("rsa_close", square * next_prime(square + 2))
write("rsa_fermat_100", fermat(100))
write("rsa_fermat_101", fermat(101))
write("rsa_roca", roca_prime() * roca_prime())
write("rsa_half_roca", roca_prime() * prime(1024))
