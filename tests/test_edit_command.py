"""Edits of deployment files: words are replaced where they stand, or not at all."""

from __future__ import annotations

import pytest

from celery_lint.finding import Span
from celery_lint.fix.attach import rewrite
from celery_lint.fix.outcome import Withheld
from celery_lint.remedy import EditCommand, Replacement
from celery_lint.source import Source

TEXT = b"worker: celery -A proj worker  # \xc3\xa9\n"


def remedy(old: str, new: str, start: int) -> EditCommand:
    return EditCommand("Procfile", "Rename", (Replacement(Span(start, start + len(old)), old, new),))


def test_a_word_is_replaced_where_it_stands() -> None:
    done = rewrite(remedy("proj", "shop.app", 18), lambda path: Source(path, TEXT))
    assert [(edit.path, edit.span, edit.text) for edit in done.edits] == [("Procfile", Span(18, 22), "shop.app")]
    assert (done.title, done.applicability) == ("Rename", "unsafe")


def test_what_stands_there_must_be_what_was_read() -> None:
    with pytest.raises(Withheld, match="not written there in one piece"):
        rewrite(remedy("shop", "proj", 18), lambda path: Source(path, TEXT))
