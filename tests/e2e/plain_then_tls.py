"""Servers that begin in plain text and go on with TLS, as STARTTLS has it; for one connection each."""
import contextlib
import socket
import ssl
import threading

LDAP_REQUEST = b'\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037'
LDAP_YES = b'\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00'
LDAP_NO = b'\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00'


RDP_REQUEST = b'\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00'
RDP_ANSWER = b'\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00'


def mysql_greeting(capabilities):
    body = b'\x0a8.0.30\0' + b'\1\0\0\0' + b'12345678' + b'\0' + capabilities.to_bytes(2, 'little') + b'\x21\2\0' + b'\0' * 13
    return len(body).to_bytes(3, 'little') + b'\0' + body


# What the server says and what it must hear, in turn; the last answer yes, and one that says no.
DIALOGUES = {
    'smtp': ([b'220 mail.example.com ESMTP\r\n', b'EHLO padlock.invalid\r\n', b'250-mail.example.com\r\n250-SIZE\r\n250 STARTTLS\r\n',
              b'STARTTLS\r\n'], b'220 go ahead\r\n', b'454 not now\r\n'),
    'imap': ([b'* OK ready\r\n', b'a STARTTLS\r\n'], b'* CAPABILITY IMAP4rev2\r\na OK begin\r\n', b'a BAD what?\r\n'),
    'pop3': ([b'+OK ready\r\n', b'STLS\r\n'], b'+OK begin\r\n', b'-ERR no\r\n'),
    'ftp': ([b'220-hello\r\n220 ready\r\n', b'AUTH TLS\r\n'], b'234 go\r\n', b'500 no\r\n'),
    'nntp': ([b'200 ready\r\n', b'STARTTLS\r\n'], b'382 go\r\n', b'580 no\r\n'),
    'sieve': ([b'"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK "ready"\r\n', b'STARTTLS\r\n'], b'OK "go"\r\n', b'NO "never"\r\n'),
    'xmpp': ([None, b"<?xml version='1.0'?><stream:stream to='www.example.com' version='1.0' xmlns='jabber:client' "
              b"xmlns:stream='http://etherx.jabber.org/streams'>",
              b"<stream:stream id='1'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
              b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"],
             b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    'ldap': ([None, LDAP_REQUEST], LDAP_YES, LDAP_NO),
    'postgres': ([None, b'\x00\x00\x00\x08\x04\xd2\x16\x2f'], b'S', b'N'),
    'lmtp': ([b'220 mail.example.com LMTP\r\n', b'LHLO padlock.invalid\r\n', b'250-mail.example.com\r\n250 STARTTLS\r\n',
              b'STARTTLS\r\n'], b'220 go ahead\r\n', b'454 not now\r\n'),
    'irc': ([None, b'STARTTLS\r\n'], b':irc.example.com NOTICE * :*** Looking up your hostname\r\n:irc.example.com 670 * :go\r\n',
            b':irc.example.com 691 * :no\r\n'),
    'telnet': ([b'\xff\xfd\x2e', b'\xff\xfb\x2e\xff\xfa\x2e\x01\xff\xf0'], b'\xff\xfa\x2e\x01\xff\xf0', b'\xff\xfe\x2e'),
    'rdp': ([None, RDP_REQUEST], RDP_ANSWER + b'\x02\x1f\x08\x00\x01\x00\x00\x00',
            RDP_ANSWER + b'\x03\x00\x08\x00\x02\x00\x00\x00'),
    'mysql': ([], mysql_greeting(0xFFFF), mysql_greeting(0xF7FF)),
}
PROTOCOLS = sorted([*DIALOGUES, 'mssql'])
MYSQL_REQUEST = b'\x20\x00\x00\x01'


def hear(connection, expected):
    heard = b''
    while len(heard) < len(expected):
        more = connection.recv(len(expected) - len(heard))
        if not more:
            break
        heard += more
    assert heard == expected, heard


# --- SQL Server: TLS inside of TDS' packets until the handshake is over --------------------------

def packet(kind, content):
    return bytes([kind, 1]) + (len(content) + 8).to_bytes(2, 'big') + b'\0\0\1\0' + content


def hear_packet(connection):
    """A whole message's content."""
    content, last = b'', False
    while not last:
        header = connection.recv(8, socket.MSG_WAITALL)
        assert len(header) == 8 and header[0] == 0x12, header
        last = header[1] & 1
        content += connection.recv(int.from_bytes(header[2:4], 'big') - 8, socket.MSG_WAITALL)
    return content


def mssql_answer(encryption):
    return packet(4, b'\0\0\x0b\0\6\1\0\x11\0\1\xff' + b'\x10\0\1\0\0\0' + bytes([encryption]))


def talk_tds(connection, context, encryption=1):
    """The handshake in packets; then what the client says first, in records that stand alone."""
    assert hear_packet(connection)[0] == 0
    connection.sendall(mssql_answer(encryption))
    if encryption == 2:
        return b''
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    is_over = False
    while not is_over:
        try:
            incoming.write(hear_packet(connection))
            tls.do_handshake()
            is_over = True
        except ssl.SSLWantReadError:
            pass
        finally:
            if outgoing.pending:
                connection.sendall(packet(0x12, outgoing.read()))
    while True:
        try:
            return tls.read(16384)
        except ssl.SSLWantReadError:
            more = connection.recv(16384)
            if not more:
                return b''
            incoming.write(more)


def talk(connection, protocol, says_yes):
    turns, yes, no = DIALOGUES[protocol]
    for i, words in enumerate(turns):
        if words is None:
            continue
        if i % 2 == 0:
            connection.sendall(words)
        else:
            hear(connection, words)
    connection.sendall(yes if says_yes else no)
    if protocol == 'mysql' and says_yes:
        hear(connection, MYSQL_REQUEST)
        connection.recv(32, socket.MSG_WAITALL)


def context_of(protocol, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix('.key'))
    if protocol == 'mssql':
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # TDS 7 has no later one
    return context


def converse(listener, context, protocol):
    """Each connection as it comes; whoever does not speak the protocol is let go."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError, AssertionError):
            connection.settimeout(10)
            if protocol == 'mssql':
                talk_tds(connection, context)
                continue
            talk(connection, protocol, True)
            with context.wrap_socket(connection, server_side=True) as wrapped:
                wrapped.recv(1)


@contextlib.contextmanager
def serving_all(protocol, certificate):
    """Its port: many connections, several at once."""
    context = context_of(protocol, certificate)
    with socket.create_server(('127.0.0.1', 0)) as listener:
        for _ in range(8):
            threading.Thread(target=converse, args=(listener, context, protocol), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def serving(protocol, certificate, says_yes=True, heard=None):
    """Its port. What the server heard wrong is raised at the end."""
    context = context_of(protocol, certificate)
    heard = [] if heard is None else heard
    listener = socket.create_server(('127.0.0.1', 0))
    failures = []

    def serve():
        try:
            connection, _ = listener.accept()
            if protocol == 'mssql':
                with contextlib.suppress(ssl.SSLError):
                    heard.append(talk_tds(connection, context, 1 if says_yes else 2))
            else:
                talk(connection, protocol, says_yes)
            if says_yes and protocol != 'mssql':
                with contextlib.suppress(OSError):
                    wrapped = context.wrap_socket(connection, server_side=True)
                    wrapped.recv(1)
            connection.close()
        except (OSError, AssertionError) as failure:
            failures.append(failure)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(30)
    listener.close()
    assert not failures, failures
