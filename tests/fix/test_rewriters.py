"""Every case of every rewriter, as it is written and in the encodings and layouts that files come in."""

from __future__ import annotations

import re

import pytest

from celery_lint.finding import Applicability
from celery_lint.fix.patch import loses_comments
from tests.fix.support import CASES, FINDERS, Case, Sample, cases, fix_all, reason

ALL = cases()
FIXED = [case for case in ALL if case.after is not None]
WITHHELD = [case for case in ALL if case.reason is not None]
_STRING = re.compile(r'("""|\'\'\').*?\1', re.DOTALL)


def test_every_case_is_read() -> None:
    headings = sum(page.read_text(encoding="utf-8").count("\n## ") for page in CASES.glob("*.md"))

    assert len(ALL) == headings
    assert {case.remedy for case in ALL} == set(FINDERS)


@pytest.mark.parametrize("case", FIXED, ids=str)
def test_fix(case: Case) -> None:
    fixed, done = fix_all(Sample(case.before), FINDERS[case.remedy])

    assert fixed.text == case.after
    assert done, "nothing was there to fix"
    assert all(item.applicability is Applicability.SAFE for item in done) == case.safe
    compile(fixed.text, case.title, "exec", dont_inherit=True)
    assert loses_comments(Sample(case.before).data, fixed.data) == case.loses_comments


@pytest.mark.parametrize("case", WITHHELD, ids=str)
def test_no_fix_and_why(case: Case) -> None:
    assert reason(Sample(case.before), FINDERS[case.remedy]) == case.reason


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def tabs(text: str) -> str:
    return re.sub(r"^(?:    )+", lambda match: "\t" * (len(match[0]) // 4), text, flags=re.MULTILINE)


def two_spaces(text: str) -> str:
    return re.sub(r"^(?:    )+", lambda match: "  " * (len(match[0]) // 4), text, flags=re.MULTILINE)


def no_final_newline(text: str) -> str:
    return text.removesuffix("\n")


def form_feed(text: str) -> str:
    return f"# page\n\f\n{text}"


def accents(text: str) -> str:
    return f"# Größe: 5 €\n{text}" if not text.startswith("#!") else text


def is_regular(text: str) -> bool:
    """Whether all indentation is one of blocks, so that its unit can be exchanged."""
    indents = [len(line) - len(line.lstrip()) for line in text.splitlines()]
    return not _STRING.search(text) and any(indents) and all(indent % 4 == 0 for indent in indents)


LAYOUTS = [crlf, tabs, two_spaces, no_final_newline, form_feed, accents]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", FIXED, ids=str)
def test_fix_in_other_layouts(case: Case, layout) -> None:  # type: ignore[no-untyped-def]
    assert case.after is not None
    if layout in (tabs, two_spaces) and not (is_regular(case.before) and is_regular(case.after)):
        pytest.skip("aligned with something else than blocks")
    if layout in (form_feed, accents) and case.before.startswith(("#", "def")):
        pytest.skip("the first line means something")

    fixed, _ = fix_all(Sample(layout(case.before)), FINDERS[case.remedy])

    assert fixed.text == layout(case.after)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251", "utf-8-sig", "shift_jis"])
@pytest.mark.parametrize("case", FIXED[::3], ids=str)
def test_fix_in_other_encodings(case: Case, encoding: str) -> None:
    assert case.after is not None
    if "coding" in case.before:
        pytest.skip("says its own encoding")
    if case.before.startswith(("def", "async def", "@", "class")):
        pytest.skip("a comment above a definition is about the definition")
    word = {"latin-1": "Größe", "cp1251": "Размер", "utf-8-sig": "Größe 💡", "shift_jis": "大きさ"}[encoding]
    head = f"# {word}\n" if encoding == "utf-8-sig" else f"# -*- coding: {encoding} -*-\n# {word}\n"

    fixed, _ = fix_all(Sample(head + case.before, encoding), FINDERS[case.remedy])

    assert fixed.text == head + case.after
