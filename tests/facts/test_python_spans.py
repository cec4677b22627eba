"""Every fact knows the bytes it was read from, in whatever way the file is written."""

from __future__ import annotations

import pytest

from celery_lint.facts.python.reader import read
from celery_lint.finding import Span

TEXT = '''{coding}import asyncio
name = "{accent}"
@app.task(bind=True)  # {accent}
def send(self, *args):
    """{accent}"""
    if name:
        asyncio.run(main("{accent}", {{1: 2}}))
'''


def text(coding: str = "", accent: str = "") -> str:
    return TEXT.format(coding=coding, accent=accent)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (text().encode(), "utf-8"),
        (text(accent="é 名前 🐇").encode(), "utf-8"),
        (text(accent="é 🐇").encode("utf-8-sig"), "utf-8"),
        (text(accent="é").replace("\n", "\r\n").encode(), "utf-8"),
        (text(accent="é").replace("\n", "\r\n").encode("utf-8-sig"), "utf-8"),
        (text(accent="é").replace("\n", "\r").encode(), "utf-8"),
        (text("# -*- coding: latin-1 -*-\n", "é ü").encode("latin-1"), "latin-1"),
        (text("#!/usr/bin/python\n# coding=cp1252\n", "é €").encode("cp1252"), "cp1252"),
        (text("\f\n", "é").encode(), "utf-8"),
        (text("x = 1; \f\n\f\n", "é").encode(), "utf-8"),
        (text("x = [\n    1,  # é\n\n]; y = \\\n    2\n\n\n", "é").encode(), "utf-8"),
        (text(accent="é").rstrip("\n").encode(), "utf-8"),
    ],
    ids=[
        "ascii", "not ascii", "BOM", "CRLF", "BOM and CRLF", "CR", "latin-1", "cp1252", "form feed",
        "form feed in a line", "continued lines", "no newline at the end",
    ],
)  # fmt: skip
def test_spans_are_exact(data: bytes, encoding: str) -> None:
    facts = read("x.py", data)
    assert facts.error is None, facts.error

    def written(span: Span) -> str:
        return data[span.start : span.end].decode(encoding)

    accent = written(next(each for each in facts.assignments if each.target == "@name").span)[8:-1]
    [function] = facts.functions
    assert written(function.name_span) == "send"
    assert written(function.span).startswith("@app.task(bind=True)")
    assert written(function.span).rstrip().endswith("{1: 2}))")
    assert [written(call.span) for call in facts.calls] == [
        "app.task(bind=True)",
        f'asyncio.run(main("{accent}", {{1: 2}}))',
        f'main("{accent}", {{1: 2}})',
    ]
    assert [written(argument.span) for call in facts.calls[2:] for argument in call.arguments] == [
        f'"{accent}"',
        "{1: 2}",
    ]


def test_parentheses_do_not_belong_to_what_they_hold() -> None:
    data = b"x = (\n    run(1)\n)\n"
    [call] = read("x.py", data).calls
    assert data[call.span.start : call.span.end] == b"run(1)"


def test_a_file_of_nothing_has_no_facts() -> None:
    for data in (b"", b"\n", b"\xef\xbb\xbf", b"# nothing\n"):
        facts = read("x.py", data)
        assert facts.error is None
        assert not any((facts.calls, facts.functions, facts.assignments))
