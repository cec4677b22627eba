"""Patterns need certain bytes; texts without them need not be searched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celery_lint.project.code.literals import literals_of


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        (rb"\bqueue\s*=", (b"queue",)),
        (rb"\b(?:delay|apply_async)(?:_on_commit)?\s*\(", (b"delay", b"apply_async")),
        (rb"add_consumer", (b"add_consumer",)),
        (rb"(?:send)+_task", (b"_task",)),
        (rb"[a-z]*celery[a-z]?", (b"celery",)),
        (rb"^[ \t]*@[^\n]*task", (b"task",)),
        # nothing that is always there, or next to nothing
        (rb"(?:delay)?", None),
        (rb"delay|\w+", None),
        (rb"\.\s*s\s*\(", None),
        (rb"(?i:delay)", None),
    ],
)
def test_what_a_pattern_needs(pattern: bytes, literals: tuple[bytes, ...] | None) -> None:
    assert literals_of(re.compile(pattern)) == literals


def test_letters_of_either_case_are_small() -> None:
    assert literals_of(re.compile(rb"Celery|shared_task", re.IGNORECASE)) == (b"celery", b"shared_task")


PARTS = st.sampled_from(
    [b"abcd", b"wxyz", b"(?:abcd|efgh)", b"(?:efgh)?", b"[a-z]", b"(?:abcd)+", b"(?=wxyz)", b"\\b", b"."]
)


@given(st.lists(PARTS, min_size=1, max_size=4).map(b"".join), st.text("abcdefghwxyz ", max_size=30).map(str.encode))
def test_nothing_is_lost(pattern: bytes, text: bytes) -> None:
    compiled = re.compile(pattern)
    literals = literals_of(compiled)

    if compiled.search(text):
        assert literals is None or any(literal in text for literal in literals)
