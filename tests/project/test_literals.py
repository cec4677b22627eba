"""Patterns need certain bytes; texts without them need not be searched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celery_lint.project.code.literals import gate_of
from celery_lint.project.code.texts import Search, Texts


@pytest.mark.parametrize(
    ("pattern", "starts", "within"),
    [
        (rb"add_consumer", (b"add_consumer",), ()),
        (rb"\bqueue\s*=", (b"queue",), ()),
        (rb"\b(?:delay|apply_async)(?:_on_commit)?\s*\(", (b"apply_async", b"delay"), ()),
        (rb"(?<!\w)[Ss]ession\(|(?:conf)", (b"Session(", b"conf", b"session("), ()),
        (rb"AsyncClient|AsyncEngine|Async\w+", (b"Async",), ()),
        (rb"si\s*\(", (b"si",), ()),
        # what begins with anything, but holds something
        (rb"(?:send)+_task", (), (b"_task",)),
        (rb"[a-z]*celery[a-z]?", (), (b"celery",)),
        (rb"celery|^[ \t]*@[^\n]*task", (b"celery",), (b"task",)),
        (rb"\.\s*(?:delay|apply_async)\b", (), (b"delay", b"apply_async")),
        # nothing that is always there, or next to nothing
        (rb"(?:delay)?", (), None),
        (rb"delay|\w+", (b"delay",), None),
        (rb"\.\s*s\s*\(", (), None),
        (rb"(?i:delay)", (), None),
    ],
)
def test_what_a_pattern_needs(pattern: bytes, starts: tuple[bytes, ...], within: tuple[bytes, ...] | None) -> None:
    gate = gate_of(re.compile(pattern))

    assert (gate.starts, gate.within) == (starts, within)


def test_letters_of_either_case_are_small() -> None:
    gate = gate_of(re.compile(rb"Celery|shared_task|@[^\n]*TASK", re.IGNORECASE))

    assert (gate.starts, gate.within) == ((b"celery", b"shared_task"), (b"task",))


PARTS = st.sampled_from(
    [
        *(
            b"abcd",
            b"wxyz",
            b"xy",
            b"(?:abcd|efgh)",
            b"(?:efgh)?",
            b"[a-z]",
            b"[aA]bc",
            b"(?:abcd)+",
            b"(?=wxyz)",
            b".",
        ),
        *(b"\\b", b"^", b"$", b"\\s*", b"|", b"(?<!a)", b"(?<=abcd)"),
    ]
)
TEXTS = st.lists(st.text("abcdefghwxyzA \n", max_size=30).map(str.encode), max_size=5)


@given(
    st.lists(PARTS, min_size=1, max_size=5).map(b"".join),
    TEXTS,
    st.sampled_from([re.NOFLAG, re.IGNORECASE, re.MULTILINE]),
)
def test_what_is_found_is_what_the_pattern_finds(pattern: bytes, texts: list[bytes], flags: re.RegexFlag) -> None:
    compiled = re.compile(pattern, flags)
    named = {str(number): text for number, text in enumerate(texts)}

    search = Search(compiled)

    expected = tuple(name for name, text in named.items() if compiled.search(text))
    assert tuple(name for name, text in named.items() if search.finds(text)) == expected
    assert Texts(named).matching(search) == expected


def test_each_text_is_there() -> None:
    texts = Texts({"a": b"one", "b": b"", "c": b"two"})

    assert [texts[name] for name in texts.names] == [b"one", b"", b"two"]
    assert "b" in texts
    assert "d" not in texts
