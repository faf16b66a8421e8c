"""Lists: sorted, filtered, in pages that neither repeat nor leave out."""
import pytest

import walk
from conftest import binary
from program import Padlock


@pytest.fixture(scope='module')
def many(new_store, tmp_path_factory):
    """Read by the tests of this file alone, and changed by none."""
    store = Padlock(binary(), tmp_path_factory.mktemp('many')).copy_store(new_store)
    for number in range(7):
        install(store, number)
    walk.site(store)
    walk.bind(store, 8443, 'h2.shop.example.com', cert='Shop 2')
    return store


def install(store, number):
    """Lifetimes of 20, 30, 40 and 50 days, in turn."""
    host = f'h{number}.shop.example.com'
    store.run('request', 'new', host, '--out', f'{number}.csr')
    store.run('ca', 'issue', f'{number}.csr', '--lifetime', f'{20 + 10 * (number % 4)}d')
    store.run('ca', 'fetch', host, '--out', f'{number}.pem')
    store.run('cert', 'install', f'{number}.pem', '--name', f'Shop {number}')


def names(store, *options, what=('cert', 'list'), key='certificates', field='friendly_name'):
    return [one[field] for one in store.json(*what, *options)[key]]


def pages(store, limit, *options, **which):
    found, after = [], ()
    while True:
        document = store.json(*which.get('what', ('cert', 'list')), '--limit', limit, *after, *options)
        page = document[which.get('key', 'certificates')]
        assert len(page) <= int(limit)
        found += [one['id'] for one in page]
        if not document.get('next'):
            return found
        after = ('--after', document['next'])


def test_certificates(many):
    assert names(many)[:2] == ['Shop 0', 'Shop 4']
    assert names(many, '--sort', 'name') == [f'Shop {number}' for number in range(7)]
    assert names(many, '--sort', 'name', '--reverse') == [f'Shop {number}' for number in reversed(range(7))]
    assert names(many, '--sort', 'age')[0] == 'Shop 0'
    assert sorted(names(many, '--expiring', '25d')) == ['Shop 0', 'Shop 4']
    assert names(many, '--expiring', '1d') == []
    assert names(many, '--host', 'h3.shop.example.com') == ['Shop 3']
    assert len(names(many, '--domain', 'shop.example.com')) == 7 and names(many, '--domain', 'other.example.com') == []
    assert len(names(many, '--name', 'Shop')) == 7 and names(many, '--name', 'Shop 6') == ['Shop 6']
    assert names(many, '--key', 'no') == [] and len(names(many, '--key', 'yes')) == 7
    assert names(many, '--bound', 'yes') == ['Shop 2'] and len(names(many, '--bound', 'no')) == 6
    assert 'https://127.0.0.1:8443 h2.shop.example.com' in many.run('cert', 'list').out


@pytest.mark.parametrize('sort', ['expiry', 'name', 'age'])
@pytest.mark.parametrize('limit', ['1', '3', '7', '8'])
def test_pages_of_certificates(many, sort, limit):
    whole = [one['id'] for one in many.json('cert', 'list', '--sort', sort)['certificates']]
    assert pages(many, limit, '--sort', sort) == whole and len(whole) == 7


def test_issued_and_requests_and_queue(many):
    issued = {'what': ('ca', 'issued'), 'key': 'issued'}
    assert len(pages(many, '2', **issued)) == 7
    assert len(names(many, '--domain', 'example.com', field='serial', **issued)) == 7
    assert len(names(many, '--name', 'h1.shop.example.com', field='serial', **issued)) == 1
    assert len(names(many, '--expiring', '35d', field='serial', **issued)) == 4
    assert names(many, '--state', 'reserved', field='serial', **issued) == []
    requests = {'what': ('request', 'list'), 'key': 'requests'}
    assert len(pages(many, '3', **requests)) == 7
    assert names(many, '--state', 'pending', field='id', **requests) == []
    assert names(many, field='id', what=('ca', 'queue'), key='submissions') == []
    assert len(pages(many, '3', '--all', what=('ca', 'queue'), key='submissions')) == 7


def test_values_that_are_none(store):
    for command in (('cert', 'list', '--expiring', 'soon'), ('cert', 'list', '--sort', 'size'), ('cert', 'list', '--limit', 'x'),
                    ('ca', 'issued', '--state', 'lost'), ('request', 'list', '--state', 'x')):
        store.fails(2, 'cli.option.value', *command)


def test_a_place_that_is_none(store):
    assert store.attempt('cert', 'list', '--after', 'nowhere').code in (1, 2)


def test_empty_lists_say_so(store):
    for command in (('cert', 'list'), ('request', 'list'), ('bind', 'list'), ('ca', 'queue'), ('ca', 'issued')):
        said = store.run(*command)
        assert len(said.out.splitlines()) == 1 and said.out.strip()
