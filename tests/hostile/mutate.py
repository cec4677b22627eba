"""Real files, spoilt: cut, doubled, shuffled, and with values in them that nobody would write."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

_TOKEN = re.compile(r"\s+|\w+|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|.", re.DOTALL)

PYTHON_VALUES = (
    "1e999", "-1e999", "float('nan')", "10**10**6", "1 << 99999", "0x" + "f" * 5_000, "9" * 4_000, "-1", "0", "1j",
    "...", "None", "True", "''", "' '", "b'\\xff'", "'\\ud800'", "'\\x00'", "'\\x1b[31m'", "'\\u202e'", "'x' * 10**9",
    "'" + "9" * 5_000 + "'", "'²'", "'१'", "'%s' % ()", "'%(a)d' % 1", "'{' .format()", "f'{x!r:>{y}}'",
    "'a' f'{b}' 'c'",
    "{}", "[]", "()", "{**x}", "[*x]", "(yield)", "(lambda: 0)", "(x := 1)", "[i for i in x]", "x if y else z", "not x",
    "{x: x}", "'http://['", "'amqp://u:p@[::1'", "'redis://:\\0@h:99999999/x'", "'redis://h:port/0'", "'.'", "'..'",
    "'a..b'", "'*'", "'['", "'(?P<'", "'../../etc/passwd'", "'/etc/passwd'", "'*/0'", "'1-99999999999'", "'5-1'",
    "crontab(hour='*/0', minute='²')", "crontab(minute=1e999)", "timedelta(days=10**10)", "timedelta(1e999)",
    "re.compile('(a+)+$')",
    "'a' + 1", "[1, 2] * 10**9", "x.y.z", "x[0]", "x()()", "super().x", "__import__('os').system('true')", "self",
)  # fmt: skip
DEPLOY_WORDS = (
    "-c 99999999999999999999", "-c ²", "--concurrency=1e999", "-Q ,,,", "-Q", "-A .", "-A ..", "-A :", "-A ''",
    "--pool=\x1b[31m", "--autoscale=,", "%(ENV_X)s", "%%", "${X:-${X}}", "$((1/0))", "$(", "`", "--", "-", "=", "-n ''",
    "celery multi start 999999999 worker", "celery worker", "celery -A a beat &", "exec", "sh -c 'celery", "<<EOF",
    "\\",
    "&a", "*a", "<<: *a", "!!python/object/apply:os.system [true]", "{{ x }}", "{% if %}", "- - -", "? ", "|", ">",
    "\x00",
    "../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "\ue000", "²", "9" * 5_000, "include ../x", "extends:",
    "env_file: ../../x",
)  # fmt: skip
_CODINGS = ("utf-8", "latin-1", "utf-16", "hex", "idna", "undefined", "rot13", "utf-7", "punycode", "cp037", "klingon")


def spoilt(data: bytes, random: random.Random, words: Sequence[str]) -> bytes:
    """DATA after one to six changes; WORDS may be put into it."""
    for _ in range(random.randint(1, 6)):
        data = random.choice(_CHANGES)(data, random, words)[:400_000]
    return data


def _token(data: bytes, random: random.Random, words: Sequence[str]) -> bytes:
    """Replace, drop, double, swap or add tokens."""
    tokens = _TOKEN.findall(data.decode("utf-8", "surrogateescape"))
    for _ in range(random.randint(1, 4) if tokens else 0):
        at, other = random.randrange(len(tokens)), random.randrange(len(tokens))
        match random.randrange(6):
            case 0:
                tokens[at] = random.choice(words)
            case 1:
                tokens[at] = ""
            case 2:
                tokens[at] *= random.choice((2, 3, 200))
            case 3:
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 4:
                tokens[at] += " " + random.choice(words) + " "
            case _:
                tokens[at] = tokens[other]
    return "".join(tokens).encode("utf-8", "surrogateescape")


def _literal(data: bytes, random: random.Random, words: Sequence[str]) -> bytes:
    """Replace a string or a number: what stays is a program, and means something else."""
    tokens = _TOKEN.findall(data.decode("utf-8", "surrogateescape"))
    places = [at for at, token in enumerate(tokens) if token[:1] in "\"'0123456789" and token.strip()]
    for _ in range(random.randint(1, 3) if places else 0):
        tokens[random.choice(places)] = random.choice(words)
    return "".join(tokens).encode("utf-8", "surrogateescape")


def _lines(data: bytes, random: random.Random, words: Sequence[str]) -> bytes:
    """Drop, double, move or indent lines."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at = random.randrange(len(lines))
    match random.randrange(5):
        case 0:
            del lines[at : at + random.randint(1, 5)]
        case 1:
            lines[at:at] = lines[at : at + random.randint(1, 5)] * random.choice((1, 2, 50))
        case 2:
            random.shuffle(lines)
        case 3:
            lines[at] = random.choice((b" ", b"\t", b"    ", b"\x0c")) + lines[at]
        case _:
            lines[at] = lines[at].lstrip()
    return b"".join(lines)


def _bytes(data: bytes, random: random.Random, words: Sequence[str]) -> bytes:
    """Flip bits, cut, or put bytes in."""
    if not data:
        return b"\xff\xfe"
    at = random.randrange(len(data))
    match random.randrange(4):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]
        case 2:
            return data[at:]
        case _:
            return (
                data[:at]
                + random.choice((b"\x00", b"\xff", b"\x1b[2J", b"\r", b"\xe2\x80\xae", b"\\", b"'"))
                + data[at:]
            )


def _encoding(data: bytes, random: random.Random, words: Sequence[str]) -> bytes:
    """Other newlines, a byte order mark, another encoding, or one that is claimed."""
    match random.randrange(5):
        case 0:
            return data.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\r", b"\x0c\n")))
        case 1:
            return b"\xef\xbb\xbf" + data
        case 2:
            return data.decode("utf-8", "replace").encode(
                random.choice(("utf-16", "utf-32", "latin-1", "cp037")), "replace"
            )
        case 3:
            return data + b"\n" * random.choice((0, 1, 1_000)) + b"\\"
        case _:
            return b"# coding: " + random.choice(_CODINGS).encode() + b"\n" + data


Change = Callable[[bytes, random.Random, Sequence[str]], bytes]
_CHANGES: tuple[Change, ...] = (_token, _token, _literal, _literal, _literal, _lines, _bytes, _encoding)
