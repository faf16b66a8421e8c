"""Public logs of our own: they promise, by RFC 6962, with Python's cryptography; openssl reads the promises too."""
import base64
import datetime
import hashlib
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

IN_CERTIFICATE = x509.ObjectIdentifier('1.3.6.1.4.1.11129.2.4.2')


def vector(data, width=2):
    return len(data).to_bytes(width, 'big') + data


def spki(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class Log:
    def __init__(self, name, operator, state='usable', since='2024-01-01T00:00:00Z', is_rsa=False):
        self.name, self.operator, self.state, self.since = name, operator, state, since
        self.key = rsa.generate_private_key(65537, 2048) if is_rsa else ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(spki(self.key)).digest()

    def promise(self, entry, at, extensions=b''):
        """A SignedCertificateTimestamp over an entry: its type and what it is about."""
        head = int(at.timestamp() * 1000).to_bytes(8, 'big')
        signed = b'\0\0' + head + entry + vector(extensions)
        if isinstance(self.key, rsa.RSAPrivateKey):
            algorithm, signature = b'\4\1', self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            algorithm, signature = b'\4\3', self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return b'\0' + self.id + head + vector(extensions) + algorithm + vector(signature)

    def entry(self):
        return {'description': self.name, 'log_id': base64.b64encode(self.id).decode(), 'mmd': 86400,
                'key': base64.b64encode(spki(self.key)).decode(), 'url': 'https://log.example/',
                'state': {self.state: {'timestamp': self.since}}}


def certificate_entry(certificate):
    return b'\0\0' + vector(certificate.public_bytes(serialization.Encoding.DER), 3)


def list_of(promises):
    return vector(b''.join(vector(promise) for promise in promises))


def octet_string(data):
    """In DER."""
    width = (len(data).bit_length() + 7) // 8
    return b'\4' + (bytes([len(data)]) if len(data) < 128 else bytes([0x80 + width]) + len(data).to_bytes(width, 'big')) + data


class Authority:
    """A CA that has its certificates promised before it signs them."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'Logged CA')])
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        builder = self.builder(self.name, self.key, 3000).add_extension(x509.BasicConstraints(True, None), True)
        self.file = folder / 'ca.pem'
        self.file.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def builder(self, subject, key, days):
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(self.now - datetime.timedelta(days=1))
                .not_valid_after(self.now + datetime.timedelta(days=days)))

    def issue(self, host, logs, days=90, name='leaf'):
        """Files of a certificate with the logs' promises in it, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (self.builder(x509.Name([]), key, days)
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), True)
                   .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False))
        before = builder.sign(self.key, hashes.SHA256())
        entry = b'\0\1' + hashlib.sha256(spki(self.key)).digest() + vector(before.tbs_certificate_bytes, 3)
        promises = list_of(log.promise(entry, self.now) for log in logs)
        if logs:
            builder = builder.add_extension(x509.UnrecognizedExtension(IN_CERTIFICATE, octet_string(promises)), False)
        file = self.folder / f'{name}.pem'
        certificate = builder.sign(self.key, hashes.SHA256())
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        file.with_suffix('.key').write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return file, certificate


def list_file(file, logs, made='2026-11-01T00:00:00Z'):
    """The list as Chrome's is."""
    operators = {}
    for log in logs:
        operators.setdefault(log.operator, []).append(log.entry())
    file.write_text(json.dumps({'version': '1', 'log_list_timestamp': made, 'operators': [
        {'name': name, 'email': [], 'logs': entries} for name, entries in operators.items()]}), encoding='utf-8')
    return file


def openssl_list_file(file, logs):
    """The list as openssl's is."""
    text = 'enabled_logs = ' + ','.join(f'l{i}' for i in range(len(logs))) + '\n'
    for i, log in enumerate(logs):
        text += f'[l{i}]\ndescription = {log.name}\nkey = {log.entry()["key"]}\n'
    file.write_text(text, encoding='ascii')
    return file


# SSL_EXT_CLIENT_HELLO, _TLS1_2_SERVER_HELLO, _TLS1_3_CERTIFICATE: where the extension belongs.
PLACES = 0x0080 | 0x0100 | 0x1000


def serverinfo_file(file, promises):
    """What openssl's server sends in the handshake."""
    data = base64.b64encode(PLACES.to_bytes(4, 'big') + (18).to_bytes(2, 'big') + vector(promises)).decode()
    file.write_text(f'-----BEGIN SERVERINFOV2 FOR CT-----\n{data}\n-----END SERVERINFOV2 FOR CT-----\n', encoding='ascii')
    return file
