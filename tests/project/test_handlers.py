"""What becomes of an exception."""

from __future__ import annotations

import pytest

from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.handlers import RETRY, SOFT_LIMIT
from celery_lint.project.code.index import FileIndex
from celery_lint.project.project import Project
from tests.project.support import linked

HEAD = "import contextlib, sys\nfrom celery.exceptions import Retry, CeleryError, SoftTimeLimitExceeded\n"


def read(body: str) -> tuple[Project, FileIndex]:
    text = HEAD + "ERRORS = (ValueError, KeyError)\ndef f(self, items):\n"
    found = linked({"m.py": text + "".join(f"    {line}\n" for line in body.splitlines())})
    return found, found.index("m.py")


def ends(body: str) -> set[str]:
    found, index = read(body)
    [function] = [each for each in index.facts.functions if each.name == "f"]
    return set(found.handlers.outcomes(index, function.block))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x()", "fall"),
        ("pass", "fall"),
        ("return 1", "return"),
        ("raise", "raise"),
        ("self.retry()", "raise"),
        ("return self.retry()", "raise"),
        ("self.retry(throw=False)", "fall"),
        ("sys.exit(1)", "raise"),
        ("x()\nraise\nreturn", "raise"),
        ("if x:\n    return", "fall return"),
        ("if x:\n    return\nelse:\n    raise", "raise return"),
        ("if x:\n    return\nelif y:\n    raise", "fall raise return"),
        ("if x:\n    return\nelif y:\n    raise\nelse:\n    raise", "raise return"),
        ("if x:\n    return\nraise", "raise return"),
        ("for x in items:\n    continue", "fall"),
        ("for x in items:\n    return", "fall return"),
        ("for x in items:\n    if x:\n        break\nraise", "raise"),
        ("while True:\n    x()", ""),
        ("while True:\n    if x:\n        break", "fall"),
        ("while True:\n    return", "return"),
        ("with x:\n    return", "return"),
        ("with contextlib.suppress(E):\n    raise", "fall raise"),
        ("try:\n    raise E\nexcept Exception:\n    pass", "fall"),
        ("try:\n    raise E\nexcept E:\n    pass", "fall raise"),
        ("try:\n    x()\nexcept E:\n    return\nelse:\n    raise", "raise return"),
        ("try:\n    return\nfinally:\n    x()", "return"),
        ("try:\n    raise\nfinally:\n    return", "return"),
        ("match x:\n    case 1:\n        return\n    case 2:\n        raise", "fall raise return"),
        ("def g():\n    raise\ng", "fall"),
        ("def g():\n    raise\ng()", "raise"),
        ("def g():\n    if x:\n        raise\ng()", "fall"),
    ],
)
def test_how_a_block_ends(body: str, expected: str) -> None:
    assert ends(body) == set(expected.split())


def caught(body: str, names: frozenset[str]) -> str | None:
    """The handler that catches what `here()` raises, as the line of its first statement."""
    found, index = read(body)
    [call] = [each for each in index.facts.calls if last_name(each.callee) == "here"]
    handler = found.handlers.catching(index, call.block, names)
    return found.source("m.py").text(handler.span).strip() if handler is not None else None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("here()", None),
        ("try:\n    here()\nexcept Exception:\n    a()", "a()"),
        ("try:\n    here()\nexcept:\n    a()", "a()"),
        ("try:\n    here()\nexcept CeleryError:\n    a()", "a()"),
        ("try:\n    here()\nexcept (ValueError, Exception) as e:\n    a()", "a()"),
        ("try:\n    here()\nexcept ERRORS:\n    b()\nexcept Exception:\n    a()", "a()"),
        ("for x in items:\n    try:\n        if x:\n            here()\n    except Exception:\n        a()", "a()"),
        ("try:\n    try:\n        here()\n    except ValueError:\n        b()\nexcept Exception:\n    a()", "a()"),
        ("try:\n    try:\n        here()\n    finally:\n        b()\nexcept Exception:\n    a()", "a()"),
        ("try:\n    b()\nexcept ValueError:\n    here()\nexcept Exception:\n    a()", None),
        ("try:\n    b()\nexcept Exception:\n    a()\nelse:\n    here()", None),
        ("try:\n    here()\nexcept ValueError:\n    a()", None),
        ("try:\n    here()\nexcept SoftTimeLimitExceeded:\n    a()", None),
        ("try:\n    here()\nexcept Retry:\n    raise\nexcept Exception:\n    a()", "raise"),
        ("try:\n    here()\nexcept unknown():\n    b()\nexcept Exception:\n    a()", None),
        ("try:\n    def g():\n        here()\nexcept Exception:\n    a()", None),
    ],
)
def test_what_catches_a_retry(body: str, expected: str | None) -> None:
    assert caught(body, RETRY) == expected


def test_what_catches_a_soft_limit() -> None:
    body = (
        "try:\n    here()\nexcept Retry:\n    b()\nexcept SoftTimeLimitExceeded:\n    a()\nexcept Exception:\n    c()"
    )
    assert caught(body, SOFT_LIMIT) == "a()"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("raise", True),
        ("if x:\n    raise", True),
        ("raise e", True),
        ("raise e.with_traceback(tb)", True),
        ("handle(e)", True),
        ("log(e)", False),
        ("raise ValueError from e", False),
        ("raise self.retry(exc=e)", False),
        ("return", False),
    ],
)
def test_what_raises_the_same_exception_again(handler: str, expected: bool) -> None:
    lines = "".join(f"    {line}\n" for line in handler.splitlines())
    helpers = "def handle(e):\n    if x:\n        raise e\ndef log(e): ...\n"
    found, index = read(f"{helpers}try:\n    here()\nexcept Exception as e:\n{lines}")
    [call] = [each for each in index.facts.calls if last_name(each.callee) == "here"]
    caught = found.handlers.catching(index, call.block, RETRY)
    assert caught is not None
    assert found.handlers.reraises(index, caught) is expected
