"""What stays of a finding's identity when code is moved, renamed and reformatted, and what does not."""

from __future__ import annotations

import pytest

from celery_lint.finding import Confidence, Finding, Location, Severity, Span
from celery_lint.report.essence import essence
from celery_lint.report.fingerprint import fingerprint, identities
from celery_lint.source import Source


def marked(text: str, path: str = "proj/tasks.py", encoding: str = "utf-8") -> tuple[Source, Span]:
    """A file, and the span of what stands between « and » in it."""
    before, _, rest = text.partition("«")
    inside, _, after = rest.partition("»")
    start, end = len(before.encode(encoding)), len((before + inside).encode(encoding))
    return Source(path, (before + inside + after).encode(encoding)), Span(start, end)


def said(text: str, path: str = "proj/tasks.py", encoding: str = "utf-8") -> str:
    return essence(*marked(text, path, encoding))


SAME = [
    # Blanks, quotes, brackets, commas, comments
    ("«run(a, 'b')»", '\n\n«run(  # why\n    a,\n    "b",\n)»'),
    ("x = «(run(a))»", "x = «run((a))»"),
    ("«x = 'a' 'b'»", "«x = ('a'\n  'b')»"),
    ("«x = 0XFF + 1_000»", "«x = 0xff + 1000»"),
    ("«x = {'a': 1, 'b': (2)}»", '«x = {\n    "a": 1,\n    "b": 2,\n}»'),
    ("«x: (int) = 3»", "«x: int = 3»"),
    ("«with (open(a)) as f: pass»", "«with (\n    open(a) as f,\n):\n    pass»"),
    ("«def f():\n    '''Docs\n       more'''\n    return 1»", "«def f():\n    return 1  # one»"),
    ("«a = 1; b = 2»", "«a = 1\nb = 2»"),
    # Variables and parameters
    ("def f(self, a):\n    b = 1\n    «run(self, a, b, a)»", "def f(task, x):\n    y = 1\n    «run(task, x, y, x)»"),
    ("def f():\n    for a in x:\n        «g(a)»", "def f():\n    for b in x:\n        «g(b)»"),
    ("def f():\n    with x as a:\n        «a.b()»", "def f():\n    with x as c:\n        «c.b()»"),
    ("def f():\n    try: pass\n    except E as a: «g(a)»", "def f():\n    try: pass\n    except E as b: «g(b)»"),
    ("def f():\n    if (a := 1): «g(a)»", "def f():\n    if (b := 1): «g(b)»"),
    ("def f(a):\n    «g(f'{a!r:>4}')»", 'def f(b):\n    «g(f"{b!r:>4}")»'),
    ("def f(a):\n    «g(lambda x: x + a)»", "def f(b):\n    «g(lambda y: y + b)»"),
    ("«[x for x in y]»", "«[a for a in y]»"),
    ("«def f(a, b=c):\n    return a»", "«def f(d, b=c):\n    return d»"),
    (
        "def f(x):\n    match x:\n        case [a, *b]: «g(a, b)»",
        "def f(x):\n    match x:\n        case [c, *d]: «g(c, d)»",
    ),
    # What a name of a variable stands for elsewhere
    ("@«app.task()»\ndef f():\n    app = 1", "@«app.task()»\ndef f():\n    other = 1"),
    # Parts of statements
    ("def «f»(): pass", "def  «f» (): pass"),
    ("f(«a=1», b=2)", "f(\n    «a = 1»,\n)"),
    ("@«app.task(x=1)»\ndef f(): pass", "@«app.task(\n    x=1,\n)»\ndef f(): pass"),
    ("try: pass\n«except (A): pass»", "try:\n    pass\n«except A:\n    pass»"),
    # What this Python cannot read
    ("«run(a, 'b') $»", '«run(\n  a,\n  "b"\n) $»'),
]
DIFFERENT = [
    ("«run(a, 1)»", "«run(a, 2)»"),
    ("«run(a, '1')»", "«run(a, 1)»"),
    ("«run(a)»", "«run(b)»"),  # names of the module
    ("«run(x=a)»", "«run(y=a)»"),
    ("«a.run()»", "«a.go()»"),
    ("def f(a, b):\n    «run(a, b)»", "def f(a, b):\n    «run(a, a)»"),
    ("def f():\n    import a\n    «a.run()»", "def f():\n    import b\n    «b.run()»"),
    ("def f():\n    global a\n    a = 1\n    «g(a)»", "def f():\n    global b\n    b = 1\n    «g(b)»"),
    ("«x = 1.0»", "«x = 1»"),
    ("«x = True»", "«x = 1»"),
    ("def «f»(): pass", "def «g»(): pass"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same(one: str, other: str) -> None:
    assert said(one)
    assert said(one) == said(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_not_the_same(one: str, other: str) -> None:
    assert said(one) != said(other)


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("compose.yml", "«command: celery -A proj worker»", "«command: ['celery', \"-A\", proj, worker]  # x»"),
        ("compose.yml", "«a:\n  - b\n  - c»", "«a: [b, c]»"),
        ("run.sh", "«celery -A proj worker -Q a,b»", "«celery -A proj \\\n    worker -Q a,b»"),
    ],
)
def test_other_files(path: str, one: str, other: str) -> None:
    assert said(one, path) == said(other, path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_places_are_found_behind_other_characters(encoding: str) -> None:
    head = "# -*- coding: latin-1 -*-\n" if encoding == "latin-1" else ""
    assert said(f"{head}äé = 'ü', «run(1)»", encoding=encoding) == said("«run( 1 )»")


def test_deep_code_does_no_harm() -> None:
    assert said("«" + "(" * 90 + "1" + ")" * 90 + "»")
    assert said("«" + "-" * 20_000 + "1»")
    assert said("«x = " + "+".join(["1"] * 3_000) + "»")


def found(start: int, end: int, entity: str = "task:proj.send") -> Finding:
    place = Location("proj/tasks.py", Span(start, end))
    return Finding("CEL408", "x", Severity.INFO, Confidence.HIGH, "x", place, entity)


def test_twins_are_told_apart_by_their_order() -> None:
    text = b"def f(a, b):\n    print(a)\n    print(b)\n"
    source = Source("proj/tasks.py", text)
    one, two = found(18, 26), found(31, 39)
    other = found(31, 39, entity="task:proj.other")
    known = {finding: each[0].fingerprint for finding, each in identities([one, two, other], lambda _: source).items()}
    assert len(set(known.values())) == 3
    assert known[one] == fingerprint(one, source)
    # The second of the same is the one that is new, whichever was written later.
    moved = Source("proj/tasks.py", b"\n\n" + text)
    assert identities([found(20, 28)], lambda _: moved)[found(20, 28)][0].fingerprint == known[one]


def test_an_entity_that_is_a_variable_is_known_by_what_is_put_into_it() -> None:
    def of(text: str, entity: str) -> str:
        source, span = marked(text)
        return fingerprint(found(span.start, span.end, entity), source)

    assert of("def f():\n    a = «g()»", "engine:p.py:a") == of("def f():\n    b = «g()»", "engine:p.py:b")
    assert of("a = «g()»", "engine:p.py:a") != of("b = «g()»", "engine:p.py:b")
    one, two = "command:x: celery -A proj worker -c 4", "command:x: celery -A proj worker -c 8"
    assert of("«g()»", one) == of("«g()»", two)
    assert of("«g()»", one) != of("«g()»", "command:y: celery -A proj worker")
