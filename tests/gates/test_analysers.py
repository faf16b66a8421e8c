"""Each analyser finds a seeded defect, with exactly the flags that tools/analyse gives it."""
import json
import subprocess

import pytest

from conftest import TOP

CLEAN = '''int sample_sum(const int *numbers, int count);

int sample_sum(const int *numbers, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
        sum += numbers[i];
    }
    return sum;
}
'''
DEFECTS = {
    '[-Werror=analyzer-double-free]': '''#include <stdlib.h>
void sample_twice(char *text, int n);

void sample_twice(char *text, int n) {
    free(text);
    if (n > 3) {
        free(text);
    }
}
''',
    'clang-analyzer-core.DivideZero': '''int sample_divide(int n);

int sample_divide(int n) {
    int by = n > 3 ? 0 : 1;
    return n / by;
}
''',
    'bugprone-infinite-loop': '''int sample_wait(int n, const int *ready);

int sample_wait(int n, const int *ready) {
    int i = 0;
    int sum = 0;
    while (i < n) {
        sum += ready[i];
    }
    return sum;
}
''',
    'cert-err33-c': '''#include <stdio.h>
void sample_write(const char *text);

void sample_write(const char *text) {
    fflush(stdout);
    (void)text;
}
''',
    'readability-function-cognitive-complexity': '''int sample_maze(int a, int b);

int sample_maze(int a, int b) {
    int found = 0;
    for (int i = 0; i < a; i++) {
        for (int j = 0; j < b; j++) {
            if (i > j) {
                if (i % 3 == 0 || (j % 5 == 0 && i > 4)) {
                    for (int k = 0; k < i; k++) {
                        found += k % 2 == 0 ? 1 : 2;
                    }
                    found++;
                } else if (j > 7) {
                    found--;
                }
            } else if (i == j) {
                found += 2;
            }
        }
    }
    return found;
}
''',
    '[cppcheck arrayIndexOutOfBounds]': '''int sample_last(void);

int sample_last(void) {
    static const int table[4] = {1, 2, 3, 4};
    int sum = 0;
    for (int i = 0; i <= 4; i++) {
        sum += table[i];
    }
    return sum;
}
''',
}


def analyse(folder, text):
    """Runs tools/analyse over one file with the build's own compile flags."""
    source = folder / 'sample.c'
    source.write_text(text, encoding='utf-8')
    database = json.loads((TOP / 'build/compile_commands.json').read_text(encoding='utf-8'))
    entry = next(e for e in database if e['file'].endswith('src/base/buf.c'))
    command = entry['command'].replace(entry['file'], str(source))
    (folder / 'compile_commands.json').write_text(json.dumps(
        [{'directory': entry['directory'], 'file': str(source), 'command': command}]))
    return subprocess.run([TOP / 'tools/analyse', '--build', folder, source],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def test_a_clean_file_is_accepted(tmp_path):
    result = analyse(tmp_path, CLEAN)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize('finding', DEFECTS)
def test_a_seeded_defect_is_found(tmp_path, finding):
    result = analyse(tmp_path, DEFECTS[finding])
    assert result.returncode == 1
    assert finding in result.stdout, result.stdout


def test_no_files_is_no_success(tmp_path):
    (tmp_path / 'compile_commands.json').write_text('[]')
    result = subprocess.run([TOP / 'tools/analyse', '--build', tmp_path], capture_output=True,
                            text=True, check=False)
    assert result.returncode == 1
