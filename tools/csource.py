"""Reads C source as text, well enough for the gates: the tree is laid out by clang-format.

No preprocessor: macros that hide braces or functions are not seen through.
"""
import pathlib
import re
import sys

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
_FUNCTION = re.compile(r'^(?![ \t\n#}])[^;={}]*?\b(\w+)\([^;={}]*\)\s*(?:PL_\w+\s*)*\{$', re.MULTILINE)
_CONTROL = ('if', 'for', 'while', 'switch')


def _blank(text):
    return re.sub(r'[^\n]', ' ', text)


def code(text):
    """The text with comments, and the insides of strings and characters, turned into spaces."""
    def replace(match):
        token = match.group(0)
        return _blank(token) if token[0] == '/' else token[0] + _blank(token[1:-1]) + token[-1]
    return _TOKEN.sub(replace, text)


def comments(text):
    """The text with all but the comments turned into spaces."""
    kept, end = [], 0
    for match in _TOKEN.finditer(text):
        kept.append(_blank(text[end:match.start()]))
        token = match.group(0)
        kept.append(token if token[0] == '/' else _blank(token))
        end = match.end()
    return ''.join(kept) + _blank(text[end:])


def line_of(text, position):
    return text.count('\n', 0, position) + 1


class Function:
    """A function's definition: its name, its first and last line, its span in the text."""

    def __init__(self, name, text, start, brace, end):
        self.name = name
        self.first_line = line_of(text, start)
        self.last_line = line_of(text, end)
        self.start, self.end = start, end
        self.body = text[brace:end + 1]

    def nesting(self):
        """How deep control blocks stand in each other; the body itself is 0."""
        deepest, stack = 0, []
        for match in re.finditer(r'[{}]', self.body):
            if match.group(0) == '}':
                stack.pop()
                continue
            stack.append(bool(stack) and _opens_control_block(self.body, match.start()))
            deepest = max(deepest, sum(stack))
        return deepest


def _opens_control_block(body, brace):
    before = body[:brace].rstrip()
    if re.search(r'\b(else|do)$', before):
        return True
    if not before.endswith(')'):
        return False
    depth, at = 0, len(before) - 1
    while at >= 0:
        depth += {')': 1, '(': -1}.get(before[at], 0)
        if depth == 0:
            break
        at -= 1
    word = re.search(r'(\w+)\s*$', before[:at])
    return word is not None and word.group(1) in _CONTROL


def functions(blanked):
    """All function definitions of a text that went through code()."""
    found = []
    for match in _FUNCTION.finditer(blanked):
        end = blanked.find('\n}', match.end())
        if end >= 0:
            found.append(Function(match.group(1), blanked, match.start(), match.end() - 1, end + 1))
    return found


def enums(blanked):
    """The constants of every enum with a tag: {tag: {constant, …}}."""
    found = {}
    for match in re.finditer(r'\benum\s+(\w+)\s*\{([^}]*)\}', blanked):
        names = re.findall(r'(?:^|,)\s*(\w+)', match.group(2))
        found.setdefault(match.group(1), set()).update(names)
    return found


class Tree:
    """The C files below a root, and the complaints about them."""

    def __init__(self, arguments=None):
        arguments = sys.argv[1:] if arguments is None else arguments
        self.root = pathlib.Path(arguments[0] if arguments else '.').resolve()
        self.complaints = []
        self.count = 0

    def files(self, *folders, endings=('.c', '.h')):
        for folder in folders:
            for path in sorted((self.root / folder).rglob('*')):
                if path.suffix in endings and path.is_file():
                    self.count += 1
                    yield path

    def relative(self, path):
        return path.relative_to(self.root).as_posix()

    def complain(self, path, line, text):
        self.complaints.append(f'{self.relative(path)}:{line}: {text}')

    def finish(self, what='files'):
        """Prints the verdict; the exit status is for sys.exit()."""
        name = pathlib.Path(sys.argv[0]).name
        for complaint in self.complaints:
            print(f'{complaint}  [{name}]')
        if self.count == 0:
            print(f'{name}: nothing to check below {self.root}')
            return 1
        verdict = f'{len(self.complaints)} complaints' if self.complaints else 'ok'
        print(f'{name}: {verdict} ({self.count} {what})')
        return 1 if self.complaints else 0
