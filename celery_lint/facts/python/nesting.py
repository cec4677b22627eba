"""Nesting that LibCST's parser would not survive: native code that overflows the stack takes the process with it."""

from __future__ import annotations

import ast
import warnings

# Half of what the parser takes on a stack of 8 MB, and twice of what anybody has written by hand.
_DEEPEST = 500
# Each level of a deep tree is written with one of these. Brackets and blocks are left to CPython, which allows fewer.
_CHAINS = (
    b"elif",
    b"else",
    b"not",
    b"lambda",
    b"await",
    b".",
    b"[",
    b"(",
    b"+",
    b"-",
    b"~",
    b"*",
    b"/",
    b"%",
    b"|",
    b"&",
)


def is_too_deep(data: bytes) -> bool:
    """Whether the Python file DATA is nested deeper than can be parsed. What is no Python at all is not."""
    if len(data) < _DEEPEST:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except SyntaxError as error:
        return error.msg.startswith("too many")
    except (RecursionError, MemoryError):
        return True
    except ValueError:
        return False
    return any(data.count(token) > _DEEPEST for token in _CHAINS) and _depth(tree) > _DEEPEST


def _depth(tree: ast.AST) -> int:
    level, depth = [tree], 0
    while level:
        level, depth = [child for node in level for child in ast.iter_child_nodes(node)], depth + 1
    return depth
