"""Bytes, and what editors count."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celery_lint.finding import Span
from celery_lint.server.drift import drift
from celery_lint.server.positions import Point, Ruler, Units
from celery_lint.source import Source

UNITS: tuple[Units, ...] = ("utf-8", "utf-16", "utf-32")
ENCODED: dict[Units, str] = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
WIDTH: dict[Units, int] = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


@pytest.mark.parametrize(
    ("text", "marked", "utf_8", "utf_16", "utf_32"),
    [
        ("abc", "b", (0, 1), (0, 1), (0, 1)),
        ("a\nb", "b", (1, 0), (1, 0), (1, 0)),
        ("a\r\nb", "b", (1, 0), (1, 0), (1, 0)),
        ("a\rb", "b", (1, 0), (1, 0), (1, 0)),
        ("a\x0cb", "b", (0, 2), (0, 2), (0, 2)),
        ("a\u2028b", "b", (0, 4), (0, 2), (0, 2)),
        ("é = x", "x", (0, 5), (0, 4), (0, 4)),
        ("\n'😀'; x", "x", (1, 8), (1, 6), (1, 5)),
        ("'\U0001f469\u200d\U0001f680' x", "x", (0, 14), (0, 8), (0, 6)),
    ],
)
def test_a_place_in_each_unit(
    text: str, marked: str, utf_8: tuple[int, int], utf_16: tuple[int, int], utf_32: tuple[int, int]
) -> None:
    source = Source("x.py", text.encode())
    offset = source.data.index(marked.encode())
    for units, point in zip(UNITS, (utf_8, utf_16, utf_32), strict=True):
        ruler = Ruler(source, units)
        assert ruler.point(offset) == point
        assert ruler.offset(Point(*point)) == offset


@settings(max_examples=60)
@given(st.text(alphabet="ab\n\ré😀\u2028\ufeff\x0c"), st.integers(0, 40))
def test_there_and_back(text: str, at: int) -> None:
    """Whatever a file holds, and however an editor counts."""
    data, offset = text.encode(), len(text[:at].encode())
    source = Source("x.py", data)
    if source.has_bom and offset < 3:
        offset = 3
    inside_newline = data[offset - 1 : offset + 1] == b"\r\n" if offset else False
    for units in UNITS:
        ruler = Ruler(source, units)
        assert ruler.offset(ruler.point(offset)) == (offset - 1 if inside_newline else offset)


@settings(max_examples=60)
@given(st.text(alphabet="ab\né😀", max_size=30), st.integers(0, 9), st.integers(0, 60))
def test_a_place_that_is_no_place(text: str, line: int, character: int) -> None:
    """Beyond the end of a line, or inside of a character: never an error, and never half a character."""
    source = Source("x.py", text.encode())
    for units in UNITS:
        offset = Ruler(source, units).offset(Point(line, character))
        assert 0 <= offset <= len(source.data)
        source.data[:offset].decode()


def test_the_end_of_a_line() -> None:
    ruler = Ruler(Source("x.py", b"ab\r\ncd"))
    assert ruler.offset(Point(0, 99)) == 2
    assert ruler.offset(Point(1, 99)) == ruler.offset(Point(7, 0)) == 6


def test_half_of_a_character() -> None:
    assert Ruler(Source("x.py", "😀x".encode())).offset(Point(0, 1)) == 0


@pytest.mark.parametrize("units", UNITS)
def test_byte_order_mark(units: Units) -> None:
    source = Source("x.py", codecs.BOM_UTF8 + b"x\ny")
    assert Ruler(source, units).point(3) == (0, 0)
    assert Ruler(source, units).offset(Point(0, 0)) == 3
    shown = Ruler(source, units, shows_bom=True)
    assert shown.point(3) == (0, 3 if units == "utf-8" else 1)
    assert shown.offset(shown.point(4)) == 4
    assert shown.point(5) == (1, 0)


@pytest.mark.parametrize(
    ("coding", "text"), [("latin-1", "é = x"), ("cp1251", "ж = x"), ("shift_jis", "日本 = x"), ("utf-8", "é = x")]
)
def test_other_encodings(coding: str, text: str) -> None:
    source = Source("x.py", f"# coding: {coding}\n{text}\n".encode(coding))
    offset = source.data.rindex(b"x")
    assert Ruler(source).point(offset) == (1, text.index("x"))
    assert Ruler(source).offset(Point(1, text.index("x"))) == offset


def test_bytes_that_are_no_text() -> None:
    source = Source("x.py", b"'\xff\xfe' x")
    assert Ruler(source).offset(Ruler(source).point(5)) == 5


@given(st.binary(max_size=30), st.binary(max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_drift(old: bytes, new: bytes, start: int, length: int) -> None:
    """What is found again is the same, and what is not touched is found again."""
    span = Span(min(start, len(old)), min(start + length, len(old)))
    changed = drift(old, new)
    moved = changed.now(span) if changed is not None else span
    if moved is not None:
        assert new[moved.start : moved.end] == old[span.start : span.end]
        if changed is not None and span.start != span.end:
            assert changed.then(moved) == span


def test_drift_of_what_stands_around() -> None:
    changed = drift(b"one two three", b"one 2 three")
    assert changed is not None
    assert changed.now(Span(0, 3)) == Span(0, 3)
    assert changed.now(Span(4, 7)) is None
    assert changed.now(Span(8, 13)) == Span(6, 11)
    assert changed.then(Span(6, 11)) == Span(8, 13)
