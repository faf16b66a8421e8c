"""Limits of the serving processes: who meets one is told, and does not write our log."""
import re
import socket

import serving

LINES = 20  # of a kind in ten seconds: src/role/log_gate.h


def junk(port, count):
    """Connections that say something that is not TLS, to their end."""
    for _ in range(count):
        with socket.create_connection(('127.0.0.1', port), timeout=10) as plain:
            plain.sendall(b'\x00' * 64)
            while True:
                try:
                    if not plain.recv(4096):
                        break
                except ConnectionResetError:
                    break


def test_failed_handshakes_are_told_by_reason_and_do_not_fill_the_log(store, server, ports):
    port, = ports(1)
    serving.bind(store, port, 'www.example.com')
    running = server('--net-processes', '1')
    junk(port, 3 * LINES)
    running.wait_log(r'handshake-failed client=127\.0\.0\.1:\d+ listener=\S+ .*'
                     r'code=tls\.handshake\.not_tls reason="the client does not speak TLS"')
    running.stop()
    lines = re.findall(r'handshake-failed client=', running.log)
    more = sum(int(count) for count in re.findall(r'handshake-failed more=(\d+)', running.log))
    assert len(lines) == LINES
    assert more == 2 * LINES


def test_numbers_that_are_no_limits_are_refused(padlock):
    padlock.fails(2, 'cli.option.value', 'serve', '--handshakes', '0')
    padlock.fails(2, 'cli.option.value', 'serve', '--connections', '0')
    padlock.fails(2, 'cli.option.value', 'serve', '--per-client', '1000001')
