"""Each gate accepts the clean sample and refuses it with one seeded defect."""
import pytest

GATES = ['check_banned', 'check_codes', 'check_floors', 'check_format', 'check_headers',
         'check_sizes']
SOURCE, HEADER = 'src/pki/sample.c', 'src/pki/sample.h'
CATALOGUE = 'src/base/err_codes.def'


@pytest.mark.parametrize('gate', GATES)
def test_the_clean_tree_is_accepted(sample, gate):
    sample.assert_accepted(gate)


@pytest.mark.parametrize('gate', GATES)
def test_an_empty_tree_is_no_success(sample, gate):
    for folder in ('src', 'tests'):
        for path in (sample.root / folder).rglob('*.[ch]'):
            path.unlink()
    (sample.root / CATALOGUE).write_text('', encoding='utf-8')
    if gate in ('check_banned', 'check_codes'):
        (sample.root / CATALOGUE).unlink()
    assert sample.run(gate).returncode != 0


@pytest.mark.parametrize('include, reason', [
    ('"cli/table.h"', 'includes "cli/table.h" of floor 9'),
    ('"ipc/frame.h"', 'includes "ipc/frame.h" of floor 2'),
    ('"table.h"', 'is not written as FOLDER/FILE.h'),
    ('"nowhere/table.h"', 'is not written as FOLDER/FILE.h'),
    ('"pki/other.c"', 'is not a header'),
    ('<sqlite3.h>', 'belongs to store/ alone'),
])
def test_an_include_from_a_wrong_floor(sample, include, reason):
    sample.replace(SOURCE, '#include <string.h>', f'#include {include}')
    sample.assert_refused('check_floors', reason)


def test_a_folder_without_a_floor(sample):
    sample.write('src/attic/old.c', '#include "base/err.h"\n')
    sample.assert_refused('check_floors', 'src/attic/ has no floor')


@pytest.mark.parametrize('statement, reason', [
    ('sprintf(text, "x");', 'sprintf'),
    ('strcpy(text, bytes);', 'strcpy'),
    ('strncpy(text, bytes, 4);', 'strncpy'),
    ('strcat(text, bytes);', 'strcat'),
    ('strtok(text, ",");', 'strtok'),
    ('len = atoi(bytes);', 'atoi'),
    ('len = strtoul(bytes, NULL, 10);', 'strtoul'),
    ('sscanf(bytes, "%d", &n);', 'sscanf'),
    ('system(bytes);', 'system'),
    ('popen(bytes, "r");', 'popen'),
    ('gets(text);', 'gets'),
    ('alloca(len);', 'alloca'),
    ('malloc(len);', 'malloc'),
    ('free(text);', 'free'),
    ('strdup(bytes);', 'strdup'),
    ('exit(1);', 'exit'),
    ('assert(len > 0);', 'assert'),
    ('localtime(&now);', 'localtime'),
    ('time(NULL);', 'time'),
    ('rand();', 'rand'),
    ('isdigit(bytes[0]);', 'isdigit'),
    ('printf("x");', 'printf'),
    ('fprintf(stderr, "x");', 'fprintf'),
    ('log_event(LOG_INFO, "x", NULL);', 'log_event'),
    ('signal(1, NULL);', 'signal'),
    ('connect(fd, address, len);', 'alone connects'),
    ('getaddrinfo(bytes, NULL, NULL, &list);', 'alone connects'),
    ('tls_look_at(&wish, &look, NULL);', 'alone connects'),
    ('return memcmp(bytes, password, len) == 0;', 'compares a secret'),
    ('return str_equal(bytes, row->token);', 'compares a secret'),
    ('sample->state = SAMPLE_OPEN;', 'outside a …_set_state function'),
])
def test_a_banned_call(sample, statement, reason):
    sample.replace(SOURCE, '    return true;\n', f'    {statement}\n    return true;\n')
    sample.assert_refused('check_banned', reason)


def test_a_default_over_an_own_enum(sample):
    sample.replace(SOURCE, 'case SAMPLE_CLOSED:', 'default:')
    sample.assert_refused('check_banned', 'default: over enum sample_state')


def test_a_default_over_characters_is_fine(sample):
    sample.append(SOURCE, '\nint sample_kind(int c) {\n    switch (c) {\n    case \'a\':\n'
                  '        return 1;\n    default:\n        return 0;\n    }\n}\n')
    sample.assert_accepted('check_banned')


@pytest.mark.parametrize('note', ['TODO', 'FIXME: later', 'XXX', 'not implemented'])
def test_a_note_to_self(sample, note):
    sample.append(SOURCE, f'/* {note} */\n')
    sample.assert_refused('check_banned', 'finish it')


def body_of(lines):
    return '\nint sample_long(int n) {\n' + '    n++;\n' * (lines - 3) + '    return n;\n}\n'


def test_a_function_of_80_lines_and_one_of_81(sample):
    sample.append(SOURCE, body_of(80))
    sample.assert_accepted('check_sizes')
    sample.append(SOURCE, body_of(81).replace('sample_long', 'sample_longer'))
    sample.assert_refused('check_sizes', 'sample_longer() has 81 lines')


def nested(depth):
    text = f'\nint sample_nested_{depth}(int n) {{\n'
    for level in range(depth):
        text += '    ' * (level + 1) + ('if (n > (1)) {\n' if level % 2 else 'while (n > 0) {\n')
    text += '    ' * (depth + 1) + 'n--;\n'
    for level in reversed(range(depth)):
        text += '    ' * (level + 1) + '}\n'
    return text + '    return n;\n}\n'


def test_a_nesting_of_4_and_one_of_5(sample):
    sample.append(SOURCE, nested(4))
    sample.assert_accepted('check_sizes')
    sample.append(SOURCE, nested(5))
    sample.assert_refused('check_sizes', 'sample_nested_5() nests 5 deep')


def test_a_file_of_901_lines(sample):
    lines = len((sample.root / SOURCE).read_text(encoding='utf-8').splitlines())
    sample.append(SOURCE, '\n' * (900 - lines))
    sample.assert_accepted('check_sizes')
    sample.append(SOURCE, '\n')
    sample.assert_refused('check_sizes', 'the file has 901 lines')
    sample.append(SOURCE, '/* size: table */\n')
    sample.assert_accepted('check_sizes')


def test_a_line_of_101_characters(sample):
    sample.append(SOURCE, '/* ' + 'é' * 94 + ' */\n')
    sample.assert_accepted('check_sizes')
    sample.append(SOURCE, '/* ' + 'é' * 95 + ' */\n')
    sample.assert_refused('check_sizes', 'has 101 characters')


def test_a_header_that_needs_another_first(sample):
    sample.replace('src/cli/table.h', '#include "pki/sample.h"\n\n#include <stddef.h>\n\n', '')
    sample.assert_refused('check_headers', 'does not compile alone')


def test_a_source_that_includes_its_header_late(sample):
    sample.replace(SOURCE, '#include "pki/sample.h"\n\n#include "base/err.h"\n',
                   '#include "base/err.h"\n\n#include "pki/sample.h"\n')
    sample.assert_refused('check_headers', 'does not include "pki/sample.h" first')


def test_a_header_with_a_wrong_guard(sample):
    sample.replace(HEADER, '#define PL_PKI_SAMPLE_H', '#define PL_PKI_SIMPLE_H')
    sample.assert_refused('check_headers', 'has no include guard PL_PKI_SAMPLE_H')


def test_a_code_that_nobody_uses(sample):
    sample.replace(SOURCE, 'ERR_PKI_SAMPLE_MALFORMED', 'ERR_BASE_LIMIT')
    sample.assert_refused('check_codes', 'pki.sample.malformed is used nowhere')


def test_a_comment_that_names_an_unknown_code(sample):
    sample.replace(HEADER, 'Fails pki.sample.malformed', 'Fails pki.sample.missing')
    sample.assert_refused('check_codes', 'pki.sample.missing is not in the catalogue')


def test_a_code_that_is_there_twice(sample):
    text = (sample.root / CATALOGUE).read_text(encoding='utf-8')
    sample.append(CATALOGUE, text.splitlines()[-1] + '\n')
    sample.assert_refused('check_codes', 'stands here twice')


def test_codes_in_a_wrong_order(sample):
    lines = (sample.root / CATALOGUE).read_text(encoding='utf-8').splitlines()
    sample.write(CATALOGUE, '\n'.join(reversed(lines)) + '\n')
    sample.assert_refused('check_codes', 'base.limit stands after pki.sample.malformed')


def test_a_code_with_another_name(sample):
    sample.replace(CATALOGUE, '"pki.sample.malformed"', '"pki.sample.torn"')
    sample.assert_refused('check_codes', 'pki.sample.torn is not called PKI_SAMPLE_MALFORMED')


def test_a_line_that_is_not_laid_out(sample):
    sample.replace(SOURCE, '    return true;\n', '  return true;\n')
    sample.assert_refused('check_format', 'src/pki/sample.c: not laid out')
