"""The wizard of "padlock request new", as someone types at a terminal."""
import pexpect
import pytest

import clients


class Wizard:
    """Answers questions by their labels; what was printed between two answers is kept."""

    def __init__(self, store, *options):
        self.process = pexpect.spawn(store.command('request', 'new', *options)[0], store.command('request', 'new', *options)[1:],
                                     env=store.environment, cwd=str(store.folder), encoding='utf-8', timeout=20, dimensions=(50, 200))

    def answer(self, label, text):
        """Waits for the question and answers it; what came before it."""
        self.process.expect(rf'{label} \([^\n]*\): ')
        before = self.process.before
        self.process.sendline(text)
        return before

    def end(self):
        self.process.expect(pexpect.EOF)
        self.process.close()
        return self.process.exitstatus, self.process.before


@pytest.fixture
def wizard(store):
    started = []

    def start(*options):
        started.append(Wizard(store, *options))
        return started[-1]
    yield start
    for one in started:
        one.process.close(force=True)


def fields(one, organization='Example Inc.', unit='', city='Redmond', state='Washington', country='US'):
    one.answer('Organization', organization)
    one.answer('Organizational unit', unit)
    one.answer('City/locality', city)
    one.answer('State/province', state)
    one.answer('Country/region', country)


def test_the_articles_six_fields(store, wizard, tmp_path):
    one = wizard()
    one.answer('Common name', 'www.example.com')
    one.answer('Another name', 'example.com')
    one.answer('Another name', '')
    fields(one, unit='Sales')
    one.answer('Key', '')
    one.answer('File for the CSR', 'www.csr')
    summary = one.answer('Make it\\?', 'y')
    for part in ('Example Inc.', 'www.example.com', 'example.com', 'ECDSA P-256', 'www.csr'):
        assert part in summary
    code, _ = one.end()
    assert code == 0
    text = clients.openssl_text(tmp_path / 'www.csr', 'req')
    assert 'DNS:www.example.com, DNS:example.com' in text
    assert 'CN=www.example.com,OU=Sales,O=Example Inc.,L=Redmond,ST=Washington,C=US' in text
    assert store.json('request', 'list')['requests'][0]['state'] == 'pending'


@pytest.mark.parametrize('typed, said', [
    ('', 'empty'), ('www example com', 'is not a host name'), ('bad_name.example.com', 'underscore'), ('*.com', 'everything under'),
    ('www.*.example.com', 'leftmost label'), ('http://www.example.com', 'not a host name'), ('x' * 64 + '.com', 'too long'),
    ('xn--a.example.com', 'international'),
])
def test_names_are_checked_as_typed(wizard, typed, said):
    one = wizard()
    one.answer('Common name', typed)
    assert said in one.answer('Common name', 'bücher.example')
    one.answer('Another name', '*.example.com')
    one.answer('Another name', '')


def test_a_public_suffix_is_remarked_on(wizard):
    one = wizard()
    one.answer('Common name', 'co.uk')
    one.answer('Another name', '')
    one.answer('Organization', 'Example Ltd.')
    assert 'public suffix' in one.answer('Organizational unit', '')


@pytest.mark.parametrize('typed, said', [('USA', 'write US for United States'), ('XX', 'ISO 3166-1'), ('Germany', 'write DE for Germany')])
def test_the_country_is_checked(wizard, typed, said):
    one = wizard()
    one.answer('Common name', 'www.example.com')
    one.answer('Another name', '')
    fields(one, country=typed)
    assert said in one.answer('Country/region', 'us')
    one.answer('Key', '')


def test_too_long_for_a_certificate(wizard):
    one = wizard()
    one.answer('Common name', 'www.example.com')
    one.answer('Another name', '')
    one.answer('Organization', 'ä' * 33)
    assert 'longer than 64 bytes' in one.answer('Organization', 'ä' * 32)
    one.answer('Organizational unit', '')


@pytest.mark.parametrize('answer, city', [('y', 'Houston'), ('n', 'Austin')])
def test_texas_as_city_and_houston_as_state(wizard, answer, city):
    one = wizard()
    one.answer('Common name', 'www.example.com')
    one.answer('Another name', '')
    fields(one, city='Texas', state='Houston')
    assert 'look swapped' in one.answer('Swap them\\?', answer)
    if answer == 'n':
        one.answer('City/locality', 'Austin')
        one.answer('State/province', 'Texas')
        one.answer('Country/region', 'US')
    one.answer('Key', '')
    one.answer('File for the CSR', '')
    summary = one.answer('Make it\\?', 'y')
    assert f'L={city},ST=Texas,C=US' in summary
    assert one.end()[0] == 0


@pytest.mark.parametrize('typed', ['rsa:1024', 'rsa:512', 'dsa', 'ec:p192'])
def test_weak_keys_are_refused(wizard, typed):
    one = wizard()
    one.answer('Common name', 'www.example.com')
    one.answer('Another name', '')
    fields(one)
    one.answer('Key', typed)
    assert 'rsa:2048' in one.answer('Key', 'rsa:2048')
    one.answer('File for the CSR', '')
    assert 'RSA 2048' in one.answer('Make it\\?', 'n')


def test_nothing_is_made_without_a_yes(store, wizard):
    one = wizard()
    one.answer('Common name', 'www.example.com')
    one.answer('Another name', '')
    fields(one)
    one.answer('Key', '')
    one.answer('File for the CSR', 'www.csr')
    one.answer('Make it\\?', 'n')
    code, said = one.end()
    assert code == 1 and 'cli.wizard.refused' in said
    assert store.json('request', 'list')['requests'] == [] and not (store.folder / 'www.csr').exists()


def test_a_file_that_is_there_is_not_overwritten(wizard, tmp_path):
    (tmp_path / 'www.csr').touch()
    one = wizard()
    one.answer('Common name', 'www.example.com')
    one.answer('Another name', '')
    fields(one)
    one.answer('Key', '')
    one.answer('File for the CSR', 'www.csr')
    assert 'already there' in one.answer('File for the CSR', 'other.csr')


def test_giving_up(store, wizard):
    one = wizard()
    one.process.expect('Common name')
    one.process.sendeof()
    code, said = one.end()
    assert code == 1 and 'tty.end' in said
    assert store.json('request', 'list')['requests'] == []


def test_without_a_terminal(store):
    store.fails(2, 'cli.argument.missing', 'request', 'new')
