"""What the server answers over HTTPS: types, ranges, conditions, redirects, and nothing outside its folder."""
import http.client
import re
import socket
import ssl

import pytest

import clients
import walk

HOST = 'www.example.com'


@pytest.fixture
def shop(store, server, ports, tmp_path):
    store.port = ports(1)[0]
    walk.install(store)
    folder = walk.site(store)
    (folder / 'style.css').write_text('body { color: red }', encoding='ascii')
    (folder / 'numbers.txt').write_text('0123456789' * 100, encoding='ascii')
    (folder / 'sub').mkdir()
    (folder / 'sub/index.htm').write_text('sub', encoding='ascii')
    (folder / 'empty').mkdir()
    (folder / 'outside').symlink_to('/etc/hostname')
    (tmp_path / 'secret').write_text('secret', encoding='ascii')
    walk.bind(store, store.port, HOST)
    store.run('ca', 'root', '--out', 'root.pem')
    store.server = server()
    return store


def ask(shop, path='/', *options):
    """Status, header fields and body of an answer."""
    text = clients.curl(f'https://{HOST}:{shop.port}{path}', shop.folder / 'root.pem', '--include', '--path-as-is', '--globoff',
                        '--http1.1', *options, *clients.resolve(HOST, shop.port))
    head, _, body = text.partition('\r\n\r\n')
    lines = head.split('\r\n')
    return int(lines[0].split()[1]), {line.split(':')[0].lower(): line.split(': ', 1)[1] for line in lines[1:]}, body


def test_types_and_index(shop):
    for path, kind, start in (('/', 'text/html', '<h1>'), ('/style.css', 'text/css', 'body'), ('/numbers.txt', 'text/plain', '0123'),
                              ('/sub/', 'text/html', 'sub')):
        status, fields, body = ask(shop, path)
        assert status == 200 and fields['content-type'].startswith(kind) and body.startswith(start)


def test_head_has_no_body(shop):
    status, fields, body = ask(shop, '/numbers.txt', '--head')
    assert (status, fields['content-length'], body) == (200, '1000', '')


def test_ranges(shop):
    status, fields, body = ask(shop, '/numbers.txt', '--range', '5-14')
    assert (status, body, fields['content-range']) == (206, '5678901234', 'bytes 5-14/1000')
    assert ask(shop, '/numbers.txt', '--range', '-3')[2] == '789'
    assert ask(shop, '/numbers.txt', '--range', '2000-')[0] == 416


def test_conditions(shop):
    _, fields, _ = ask(shop, '/numbers.txt')
    assert ask(shop, '/numbers.txt', '--header', f'If-None-Match: {fields["etag"]}')[0] == 304
    assert ask(shop, '/numbers.txt', '--header', f'If-Modified-Since: {fields["last-modified"]}')[0] == 304
    assert ask(shop, '/numbers.txt', '--header', 'If-None-Match: "other"')[0] == 200
    assert ask(shop, '/numbers.txt', '--header', 'If-Match: "other"')[0] == 412


def test_folders_and_what_is_not_there(shop):
    status, fields, _ = ask(shop, '/sub')
    assert status in (301, 308) and fields['location'].endswith('/sub/')
    assert ask(shop, '/empty/')[0] in (403, 404)
    assert ask(shop, '/nothing')[0] == 404
    assert ask(shop, '/', '--request', 'DELETE')[0] in (405, 501)


@pytest.mark.parametrize('path', ['/../secret', '/..%2fsecret', '/%2e%2e/secret', '/sub/../../secret', '/outside', '/..\\secret', '//../secret',
                                  '/sub/%00', '/.%2e/.%2e/.%2e/etc/passwd'])
def test_nothing_outside_the_folder(shop, path):
    status, _, body = ask(shop, path)
    assert status in (400, 403, 404) and 'secret' not in body and 'root:' not in body


def test_one_connection_for_many_requests_while_a_binding_is_added(shop):
    context = ssl.create_default_context(cafile=shop.folder / 'root.pem')
    connection = http.client.HTTPSConnection(HOST, shop.port, context=context)
    connection.sock = context.wrap_socket(socket.create_connection(('127.0.0.1', shop.port)), server_hostname=HOST)
    for number in range(30):
        connection.request('GET', '/numbers.txt')
        answer = connection.getresponse()
        assert answer.status == 200 and len(answer.read()) == 1000
        if number == 10:
            shop.run('site', 'set', 'shop', '--name', 'other')
            shop.run('bind', 'add', 'other', f'https://127.0.0.1:{shop.port}', '--cert', 'Shop 2026')
    connection.close()


def test_the_log_has_a_line_for_each_request(shop):
    ask(shop, '/style.css')
    line = shop.server.wait_log(r'.*GET /style\.css.*').group(0)
    assert '200' in line and '127.0.0.1' in line and re.search(HOST, line)
    ask(shop, '/%1b[31m')
    assert '\x1b' not in shop.server.log
