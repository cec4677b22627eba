"""READ a Python file: one parse, one walk, facts only; or why it cannot be read."""

from __future__ import annotations

import libcst as cst

from celery_lint.facts import model
from celery_lint.facts.python import cpython
from celery_lint.facts.python.cpython import TooDeepError
from celery_lint.facts.python.nesting import is_too_large, shallow_tree
from celery_lint.facts.python.spans import GeneratedSpans, Spans
from celery_lint.facts.python.statements import facts_of
from celery_lint.facts.python.tree import made_tree
from celery_lint.facts.python.trial import survives
from celery_lint.finding import Span


def read(path: str, data: bytes, *, generated: bool = False) -> model.PythonFacts:
    """What the Python file DATA says; PATH is only noted. A pure function.

    A file that is no Python gives facts with `error` set and nothing else. With GENERATED the tree comes from
    LibCST's own parser and all spans from its code generator: slower, and the same.
    """
    if b"\0" in data:
        at = data.index(b"\0")
        return _unreadable(path, "it contains a NUL byte", Span(at, at + 1))
    if is_too_large(data):
        return _unreadable(path, f"it is too large: {len(data) / 1_000_000:.1f} MB", Span(0, 0))
    try:
        tree = shallow_tree(data)
        if tree is None and not survives(data):
            return _refused(path, data) or _unreadable(path, "it cannot be parsed", Span(0, 0))
        made = made_tree(tree, data) if tree is not None and not generated else None
        if made is None:
            module = cst.parse_module(data)
            return facts_of(path, module, GeneratedSpans(module, data), {}, has_walrus=True)
        return facts_of(path, made.module, Spans(made.spans), made.constants, has_walrus=b":=" in data)
    except TooDeepError:
        return _unreadable(path, "it is nested too deeply", Span(0, 0))
    except cst.ParserSyntaxError as error:
        return _syntax_error(path, data, error)
    except (KeyError, IndexError):
        raise  # no unknown encoding, but a mistake of ours
    except (SyntaxError, UnicodeError, LookupError) as error:
        return _unreadable(path, _first_line(str(error)), Span(0, 0))
    except RecursionError:
        return _unreadable(path, "it is nested too deeply", Span(0, 0))


def _unreadable(path: str, message: str, span: Span) -> model.PythonFacts:
    return model.PythonFacts(path, error=model.ReadError(message, span))


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0].removesuffix(".")


def _syntax_error(path: str, data: bytes, error: cst.ParserSyntaxError) -> model.PythonFacts:
    """What is wrong in the words of CPython, which tells people what they know; LibCST's where it has no objection."""
    start = _offset(data, error.raw_line, error.raw_column)
    return _refused(path, data) or _unreadable(path, _first_line(error.message), Span(start, start))


def _refused(path: str, data: bytes) -> model.PythonFacts | None:
    """What CPython says against DATA; None when it has no objection."""
    try:
        cpython.module(data)
    except SyntaxError as known:
        start = _offset(data, known.lineno or 1, (known.offset or 1) - 1)
        return _unreadable(path, _first_line(known.msg), Span(start, start))
    except (ValueError, TooDeepError):
        pass
    return None


def _offset(data: bytes, line: int, column: int) -> int:
    """The byte offset of LINE (from 1) and COLUMN (from 0, in characters, as near as the line's length allows)."""
    lines = data.splitlines(keepends=True)
    start = sum(map(len, lines[: max(line - 1, 0)]))
    text = lines[line - 1] if 0 < line <= len(lines) else b""
    return start + min(max(column, 0), len(text.rstrip(b"\r\n")))
