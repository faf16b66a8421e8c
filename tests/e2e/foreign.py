"""Keys, requests and certificates that others made: openssl's, and ones that no sane tool makes."""
import random
import subprocess

import clients


def key(file, *options):
    """A private key; options of "openssl genpkey" (P-256 when there are none)."""
    options = options or ('-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256')
    clients.run('openssl', 'genpkey', *options, '-out', file)
    return file


def csr(file, key_file, subject, *options, sans=None):
    extension = ('-addext', f'subjectAltName={sans}') if sans else ()
    clients.run('openssl', 'req', '-new', '-key', key_file, '-subj', subject, *extension, *options, '-out', file)
    return file


def self_signed(file, key_file, subject, *options):
    clients.run('openssl', 'req', '-x509', '-key', key_file, '-subj', subject, '-days', '30', *options, '-out', file)
    return file


class Authority:
    """Another CA, that signs whatever it is asked to, for any dates."""

    def __init__(self, folder, name='Foreign CA'):
        self.folder = folder
        folder.mkdir()
        self.key = key(folder / 'ca.key')
        self.certificate = self_signed(folder / 'ca.pem', self.key, f'/CN={name}', '-days', '3000')
        (folder / 'index').touch()
        (folder / 'serial').write_text('10\n', encoding='ascii')
        (folder / 'ca.cnf').write_text(
            f'[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}\n'
            'default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n', encoding='ascii')

    def sign(self, csr_file, file, sans, start='20260101000000Z', end='20360101000000Z', extra='',
             usage='serverAuth'):
        extensions = self.folder / 'extensions'
        extensions.write_text(f'subjectAltName={sans}\nextendedKeyUsage={usage}\n{extra}', encoding='ascii')
        clients.run('openssl', 'ca', '-batch', '-notext', '-config', self.folder / 'ca.cnf', '-in', csr_file,
                    '-cert', self.certificate, '-keyfile', self.key, '-startdate', start, '-enddate', end,
                    '-extfile', extensions, '-out', file)
        return file


# --- RSA keys with a flaw ---------------------------------------------------------------------------

def is_prime(number):
    """Miller and Rabin, for numbers that nobody chose to deceive it."""
    small = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    if any(number % p == 0 for p in small):
        return number in small
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in small:
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def next_prime(number):
    number |= 1
    while not is_prime(number):
        number += 2
    return number


def rsa_key(file, p, q, exponent=65537):
    """A private key file for two given primes."""
    if p < q:
        p, q = q, p
    private = pow(exponent, -1, (p - 1) * (q - 1))
    numbers = {'version': 0, 'n': p * q, 'e': exponent, 'd': private, 'p': p, 'q': q, 'dp': private % (p - 1),
               'dq': private % (q - 1), 'qi': pow(q, -1, p)}
    description = file.with_suffix('.asn1')
    description.write_text('asn1=SEQUENCE:key\n[key]\n' +
                           ''.join(f'{name}=INTEGER:{value:#x}\n' for name, value in numbers.items()), encoding='ascii')
    clients.run('openssl', 'asn1parse', '-genconf', description, '-noout', '-out', file.with_suffix('.der'))
    clients.run('openssl', 'rsa', '-inform', 'DER', '-in', file.with_suffix('.der'), '-out', file)
    return file


def close_primes_key(file):
    """What a generator does that looks for the next prime after the first."""
    p = next_prime(random.Random(1).getrandbits(1024) | (3 << 1022))
    return rsa_key(file, p, next_prime(p + 2))


def roca_key(file):
    """CVE-2017-15361: primes k * M + (65537 ** a mod M)."""
    source = random.Random(2)
    product = 1
    number, count = 2, 0
    while count < 126:
        if is_prime(number):
            product, count = product * number, count + 1
        number += 1
    primes = []
    while len(primes) < 2:
        low = (3 << 1022) // product
        candidate = source.randrange(low, low + (1 << 50)) * product + pow(65537, source.getrandbits(200), product)
        if candidate.bit_length() == 1024 and is_prime(candidate):
            primes.append(candidate)
    return rsa_key(file, *primes)


# --- CSRs as other tools wrap them ------------------------------------------------------------------

def der_of(file, kind='req'):
    return subprocess.run(['openssl', kind, '-in', str(file), '-outform', 'DER'], stdout=subprocess.PIPE, check=True).stdout
