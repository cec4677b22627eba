"""What a Python file imports, read from as little of it as says so."""

from __future__ import annotations

import pytest

from celery_lint.facts.model import ImportedNames
from celery_lint.project.code.imports import imported_names

AFTER = "\n\ndef f(x):\n    return {x: [1, 2]}\n"


@pytest.mark.parametrize(
    ("text", "anywhere", "at_once"),
    [
        ("", (), ()),
        ("x = 1\n", (), ()),
        ("import a, b.c as d\nfrom . import e\n", ("a", "b.c", ".", ".e"), ("a", "b.c", ".", ".e")),
        ("from a import (\n    b,  # one\n    c,\n)\n", ("a", "a.b", "a.c"), ("a", "a.b", "a.c")),
        ("from a import b, \\\n    c\n", ("a", "a.b", "a.c"), ("a", "a.b", "a.c")),
        ("from a import *\n", ("a",), ("a",)),
        ("try:\n    import a\nexcept ImportError:\n    a = None\n", ("a",), ("a",)),
        ("def g():\n    import a\n", ("a",), ()),
        ("def g():\n    if x: import a\n", ("a",), ()),
        ("x = 1; import a\n", ("a",), ("a",)),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b\n", ("b",), ("b",)),
        ("'''\nimport a\n'''\n", (), ()),
        ("import a\nx = '''\nimport b\n(\n'''\n", ("a",), ("a",)),
        ("x = [\n    1,\n]\nimport a\n", ("a",), ("a",)),
        ("# from here on, import a\n", (), ()),
        ("import a  # (\n", ("a",), ("a",)),
        ("\ufeffimport a\n", ("a",), ("a",)),
        ("import a\rdef f():\r  import b\r", ("a", "b"), ("a",)),
        ("import a\r\nfrom b import (\r\n  c)\r\n", ("a", "b", "b.c"), ("a", "b", "b.c")),
    ],
)
def test_imports(text: str, anywhere: tuple[str, ...], at_once: tuple[str, ...]) -> None:
    for written in (text, text + AFTER, AFTER + text if not text.startswith("\ufeff") else text, text.rstrip("\n")):
        assert imported_names(written.encode()) == ImportedNames(anywhere, at_once), written


def test_what_follows_the_last_import_need_not_be_known() -> None:
    assert imported_names(b"import a\nsyntax of tomorrow\n") == ImportedNames(("a",), ("a",))


def test_no_python_is_read_line_by_line() -> None:
    assert imported_names(b"print 'x'\nimport a\nfrom b import c\n") == ImportedNames(("a", "b", "b.c"))
