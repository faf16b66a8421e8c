"""What the gates' own tests share: a clean sample tree, and how a gate is run on it."""
import pathlib
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]


class Sample:
    """A small clean tree of its own, in which a test seeds one defect."""

    def __init__(self, root):
        self.root = root
        shutil.copytree(TOP / 'tests/gates/sample', root, dirs_exist_ok=True)
        (root / 'tools').mkdir()
        shutil.copy(TOP / 'tools/floors', root / 'tools/floors')
        shutil.copy(TOP / '.clang-format', root / '.clang-format')

    def replace(self, name, old, new):
        path = self.root / name
        text = path.read_text(encoding='utf-8')
        assert old in text, f'{name} has no {old!r} to replace'
        path.write_text(text.replace(old, new, 1), encoding='utf-8')

    def append(self, name, text):
        with (self.root / name).open('a', encoding='utf-8') as file:
            file.write(text)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')

    def run(self, gate):
        return subprocess.run([TOP / 'tools' / gate, self.root], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)

    def assert_accepted(self, gate):
        result = self.run(gate)
        assert result.returncode == 0, result.stdout

    def assert_refused(self, gate, reason):
        result = self.run(gate)
        assert result.returncode == 1, f'{gate} accepted the defect:\n{result.stdout}'
        assert reason in result.stdout, result.stdout


@pytest.fixture
def sample(tmp_path):
    return Sample(tmp_path / 'tree')
