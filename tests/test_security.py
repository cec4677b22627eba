"""SECURITY.md promises nothing that no test holds it to."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
TEXT = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
PROMISES = [part for part in TEXT.split("\n## ")[1:] if not part.startswith("What it does not promise")]


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_there_is_such_a_test(path: str, name: str) -> None:
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.partition("\n")[0])
def test_each_promise_names_its_tests(promise: str) -> None:
    assert re.search(r"^- `tests/[\w/]+\.py::\w+`$", promise, re.MULTILINE)
