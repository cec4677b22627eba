"""CPython's own parser, without what it says in passing: its warnings are not for whoever lints."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class TooDeepError(Exception):
    """Something is nested deeper than can be parsed."""


def module(data: bytes) -> ast.Module:
    """The tree of the file DATA. Raises SyntaxError or ValueError for what is no Python, `TooDeepError`."""
    with _quietly():
        return ast.parse(data)


def expression(data: bytes) -> ast.expr:
    """The tree of the expression DATA. Raises as `module`."""
    with _quietly():
        return ast.parse(data, mode="eval").body


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except SyntaxError as error:
        if error.msg.startswith("too many"):
            raise TooDeepError from None
        raise
    except (RecursionError, MemoryError):
        raise TooDeepError from None
