"""/metrics and /healthz, as whoever watches the server reads them."""
import re
import socket
import time
import urllib.error
import urllib.request

import pytest

import processes
import serving

HOST = 'www.example.com'


@pytest.fixture
def watched(store, server, ports):
    """A server with a site and metrics; (server, port, metrics port, root)."""
    port, metrics = ports(2)
    serving.bind(store, port, HOST)
    running = server('--net-processes', '2', '--metrics', f'127.0.0.1:{metrics}')
    return running, port, metrics, serving.root(store)


def get(port, path, method='GET'):
    request = urllib.request.Request(f'http://127.0.0.1:{port}{path}', method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def figures(port):
    """{name with labels: value}; every line has the format."""
    status, headers, text = get(port, '/metrics')
    assert status == 200
    assert headers['Content-Type'] == 'text/plain; version=0.0.4; charset=utf-8'
    found, types = {}, set()
    for line in text.splitlines():
        comment = re.fullmatch(r'# (?:HELP (\w+) .+|TYPE (\w+) (?:counter|gauge))', line)
        if comment:
            types |= {comment.group(2)} - {None}
            continue
        name, value = re.fullmatch(r'(\w+(?:\{\w+="[\w .-]+"\})?) (\d+)', line).groups()
        assert name.split('{')[0] in types and name not in found
        found[name] = int(value)
    return found


def wait_for(port, name, value):
    return processes.wait_for(lambda: figures(port).get(name) == value, what=f'{name} {value}')


def test_what_is_served_is_counted_over_all_processes(watched):
    _, port, metrics, root = watched
    load = processes.Load(port, root, HOST)
    for _ in range(10):
        load.once()
    wait_for(metrics, 'padlock_requests_total{status="2xx"}', 10)
    with socket.create_connection(('127.0.0.1', port)) as plain:
        plain.sendall(b'GET / HTTP/1.1\r\n\r\n')
        plain.recv(4096)
    wait_for(metrics, 'padlock_handshakes_failed_total{reason="http"}', 1)
    now = figures(metrics)
    assert now['padlock_handshakes_total{version="TLS 1.3"}'] >= 10
    assert now['padlock_connections_accepted_total'] >= 11
    assert now['padlock_signatures_total'] >= 10
    assert now['padlock_sent_bytes_total'] > 10000
    wait_for(metrics, 'padlock_processes{role="net"}', 2)
    wait_for(metrics, 'padlock_bindings', 1)
    left = figures(metrics)['padlock_first_expiry_timestamp_seconds'] - time.time()
    assert 80 * 86400 < left < 400 * 86400


def test_a_change_and_a_failure_show(watched, store):
    running, port, metrics, root = watched
    before = processes.wait_for(lambda: figures(metrics).get('padlock_applied_seq'), what='seq')
    serving.site(store, 'other')
    processes.wait_for(lambda: figures(metrics)['padlock_applied_seq'] > before, what='the change')
    processes.Load(port, root, HOST).once()
    wait_for(metrics, 'padlock_requests_total{status="2xx"}', 1)
    for pid in processes.by_role(running)['net']:
        processes.kill(pid)
    wait_for(metrics, 'padlock_process_restarts_total{role="net"}', 2)
    wait_for(metrics, 'padlock_processes{role="net"}', 2)
    # What the killed ones had counted stays; what they had open does not.
    processes.Load(port, root, HOST).once()
    wait_for(metrics, 'padlock_requests_total{status="2xx"}', 2)
    wait_for(metrics, 'padlock_connections_open', 0)


def test_health_and_what_is_not_there(watched):
    _, _, metrics, _ = watched
    processes.wait_for(lambda: get(metrics, '/healthz')[2] == 'serving\n', what='health')
    assert get(metrics, '/healthz')[0] == 200
    status, _, body = get(metrics, '/healthz', 'HEAD')
    assert (status, body) == (200, '')
    assert get(metrics, '/')[0] == 404
    assert get(metrics, '/metrics', 'DELETE')[0] == 405


def test_a_visitor_who_says_nothing_or_nonsense_is_let_go(watched):
    _, _, metrics, _ = watched
    with socket.create_connection(('127.0.0.1', metrics), timeout=20) as mute:
        with socket.create_connection(('127.0.0.1', metrics), timeout=20) as rude:
            rude.sendall(b'\x00\x01\x02\r\n\r\n')
            assert rude.recv(4096).startswith(b'HTTP/1.1 400 ')
        assert mute.recv(1) == b''
    assert get(metrics, '/healthz')[0] == 200


@pytest.mark.plain
def test_the_process_has_one_listener_and_no_rights(watched, store):
    running, _, _, _ = watched
    pid, = [pid for pid in running.children() if processes.status(pid, 'Name') == 'padlock-metrics']
    assert processes.status(pid, 'Seccomp') == '2'
    assert processes.status(pid, 'CapEff') == '0000000000000000'
    processes.kill(pid)
    processes.wait_for(lambda: any(processes.status(other, 'Name') == 'padlock-metrics'
                                   for other in running.children() if other != pid),
                       what='another one')


def test_addresses_that_are_none_and_a_busy_port(store, ports):
    for text in ('9464', 'localhost:9464', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:1/x'):
        store.fails(2, 'cli.option.value', 'serve', '--metrics', text)
    port, = ports(1)
    with socket.socket() as other:
        other.bind(('127.0.0.1', port))
        other.listen()
        refused = store.attempt('serve', '--metrics', f'127.0.0.1:{port}')
    assert refused.code == 3
    assert 'cannot serve the metrics' in refused.err and '[net.port.busy]' in refused.err
