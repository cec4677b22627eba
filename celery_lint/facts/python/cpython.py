"""CPython's own parser, without what it says in passing: its warnings are not for whoever lints."""

from __future__ import annotations

import ast
import warnings


def module(data: bytes) -> ast.Module:
    """The tree of the file DATA; raises what `ast.parse` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)


def expression(data: bytes) -> ast.expr:
    """The tree of the expression DATA, which stands in a file that can be read; raises what `ast.parse` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data, mode="eval").body
