"""However deep it is nested, a Python file is read or refused: nothing dies, hangs, or eats all memory."""

from __future__ import annotations

import msgspec
import pytest

from celery_lint.cache.facts import encoded
from celery_lint.facts.model import PythonFacts
from celery_lint.facts.python.reader import read
from celery_lint.project.code.imports import imported_names
from celery_lint.regular import LARGEST
from tests.hostile.limits import contained
from tests.hostile.nesting import NESTED


def facts_of(code: str) -> str:
    """What is said against CODE; read as the command line does, for files and for imports."""
    data = code.encode()
    facts = read("a.py", data)
    imported_names(data)
    kept = encoded(facts)
    assert not kept or msgspec.msgpack.decode(kept, type=PythonFacts) == facts
    return facts.error.message if facts.error is not None else ""


@pytest.mark.parametrize("depth", [12, 700])
def test_nested(depth: int) -> None:
    """All in one process, since most take a millisecond. What is no Python is tried in one of its own."""

    def all_of_them() -> list[str]:
        return [name for name, made in NESTED.items() if "error" not in name and not _is_fit(facts_of(made(depth)))]

    ended = contained(all_of_them, seconds=120)
    assert (ended.wrong, ended.value) == ("", [])


@pytest.mark.slow
@pytest.mark.parametrize("depth", [30, 200, 1_400, 10_000])
@pytest.mark.parametrize("kind", NESTED)
def test_deeply_nested(kind: str, depth: int) -> None:
    ended = contained(lambda: facts_of(NESTED[kind](depth)), seconds=120)
    assert ended.wrong == ""
    assert _is_fit(str(ended.value))
    assert ended.processor < 20
    assert ended.megabytes < 500


def _is_fit(message: str) -> bool:
    """Whether MESSAGE says something to people, in one line."""
    return "\n" not in message and not message.isdigit() and "report" not in message


@pytest.mark.parametrize("kind", [
    "parentheses", "lists", "calls", "operator +", "operator and", "attributes", "elif", "functions", "ifs", "not",
    "lambda", "dots of an import", "sequence patterns", "subscripts", "adjacent f-strings", "signs in an f-string",
])  # fmt: skip
def test_what_is_nested_too_deeply_says_so(kind: str) -> None:
    # A file of 10,000 blocks in each other is refused for its size; of the other two much is read all the same.
    depths = (3_000,) if kind in ("functions", "ifs", "adjacent f-strings", "dots of an import") else (3_000, 10_000)
    ended = contained(lambda: [facts_of(NESTED[kind](depth)) for depth in depths])
    assert ended.value == ["it is nested too deeply"] * len(depths), ended


@pytest.mark.parametrize("code", ["match a:\n case ast.Call(func=ast.Attribute(value=ast.Name(id='x'))): pass\n",
                                  "case = [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n",
                                  "x = " + "+".join(["a"] * 90) + "\n"])  # fmt: skip
def test_what_people_write_is_read(code: str) -> None:
    assert facts_of(code) == ""


@pytest.mark.parametrize(("part", "times"), [(b"x", LARGEST + 1), (b"[],", 150_000)], ids=["long", "of many parts"])
def test_what_does_not_fit_into_memory_says_so(part: bytes, times: int) -> None:
    error = read("a.py", part * times).error
    assert error is not None
    assert error.message.startswith("it is too large: ")
