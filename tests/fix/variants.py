"""The same code as other people would have written it: changes of one Python file, each a function of its text.

A variant returns None where it cannot be made. LAYOUT variants leave the meaning as it is, ADDING ones add statements
at module level and change none; the others may change what is found.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Kind = Literal["layout", "adding", "other"]
Wanted = tuple[tuple[str, str], ...]  # imports that the fix adds: module and name (empty for the module itself)
_SIMPLE = (ast.Assign, ast.Expr, ast.Return, ast.Raise, ast.Pass, ast.AugAssign, ast.Assert, ast.Delete)
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Variant:
    """CHANGE takes the text, and the imports that the fix of the text as it was would add."""

    name: str
    kind: Kind
    change: Callable[[str, Wanted], str | None]

    def __str__(self) -> str:
        return self.name


# How the text is put down


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO(text).readline))


def _inside_strings(text: str) -> set[int]:
    """The lines (from 0) that start inside a string, or follow a backslash."""
    inside: set[int] = set()
    opened = 0
    for token in _tokens(text):
        name = tokenize.tok_name[token.type]
        if name == "STRING":
            inside.update(range(token.start[0], token.end[0]))
        elif name == "FSTRING_START":
            opened = token.start[0]
        elif name == "FSTRING_END":
            inside.update(range(opened, token.end[0]))
    inside.update(number + 1 for number, line in enumerate(_lines(text)) if line.endswith("\\"))
    return inside


def _reindented(text: str, unit: str) -> str:
    lines, depth = _lines(text), 0
    at_start = True
    for token in _tokens(text):
        if token.type == tokenize.INDENT:
            depth += 1
        elif token.type == tokenize.DEDENT:
            depth -= 1
        elif token.type == tokenize.COMMENT and at_start:
            column = token.start[1]
            lines[token.start[0] - 1] = unit * (column // 4) + lines[token.start[0] - 1].lstrip()
        elif token.type in (tokenize.NEWLINE, tokenize.NL):
            at_start = at_start or token.type == tokenize.NEWLINE
        elif at_start and token.type != tokenize.ENDMARKER:
            lines[token.start[0] - 1] = unit * depth + lines[token.start[0] - 1].lstrip()
            at_start = False
    return "\n".join(lines)


def _commented(text: str, wanted: Wanted) -> str:
    following = _inside_strings(text)
    return "\n".join(
        f"{line}  # c{number}" if line.strip() and number + 1 not in following and not line.endswith("\\") else line
        for number, line in enumerate(_lines(text))
    )


def _ending_in_spaces(text: str, wanted: Wanted) -> str:
    following = _inside_strings(text)
    lines = enumerate(_lines(text))
    return "\n".join(f"{line} \t" if number + 1 not in following and line.strip() else line for number, line in lines)


def _comments_in_first_column(text: str, wanted: Wanted) -> str:
    starts = {each.lineno for each in _statements(text) if not getattr(each, "decorator_list", [])}
    lines = []
    for number, line in enumerate(_lines(text), start=1):
        lines += [f"# first {number}", line] if number in starts and number > 1 else [line]
    return "\n".join(lines)


def _displayed(text: str, wanted: Wanted) -> str | None:
    """Each entry of a dict or list on a line of its own, the last one without a comma."""
    offsets, changes = _Offsets(text), []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Dict) and node.keys and all(node.keys):
            items = [
                (offsets.start(key), offsets.end(value))
                for key, value in zip(node.keys, node.values, strict=True)
                if key
            ]
        elif isinstance(node, ast.List) and node.elts:
            items = [(offsets.start(each), offsets.end(each)) for each in node.elts]
        else:
            continue
        start, end = offsets.start(node), offsets.end(node)
        if "\n" in text[start:end] or _is_in_text(node, text) or re.search(r"[(\[{]", text[start + 1 : end]):
            continue
        line = _lines(text)[node.lineno - 1]
        indent = line[: len(line) - len(line.lstrip())]
        parts = ",\n".join(f"{indent}    {text[one:two]}" for one, two in items)
        changes.append((start, end, f"{text[start]}\n{parts}\n{indent}{text[end - 1]}"))
    return _replaced(text, changes) if changes else None


def _comments_above(text: str, wanted: Wanted) -> str:
    starts = {
        min([each.lineno, *(d.lineno for d in getattr(each, "decorator_list", []))]) for each in _statements(text)
    }
    lines = []
    for number, line in enumerate(_lines(text), start=1):
        if number in starts:
            lines.append(line[: len(line) - len(line.lstrip())] + f"# above {number}")
        lines.append(line)
    return "\n".join(lines)


def _statements(text: str) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt))


def _tight(text: str, wanted: Wanted) -> str:
    inside = _inside_strings(text)
    return "\n".join(line for number, line in enumerate(_lines(text)) if line.strip() or number in inside) + "\n"


def _airy(text: str, wanted: Wanted) -> str:
    inside = _inside_strings(text)
    starts = {each.lineno - 1 for each in _statements(text) if not getattr(each, "decorator_list", [])}
    found = []
    for number, line in enumerate(_lines(text)):
        indent = line[: len(line) - len(line.lstrip())]
        if number in starts and number not in inside and not line.lstrip().startswith(("elif", "else", "@")):
            found += [indent, ""] if number else []
        found.append(line)
    return "\n".join(found)


def _fed(text: str, wanted: Wanted) -> str:
    """A form feed above and before each definition."""
    starts = {
        min([each.lineno, *(decorator.lineno for decorator in each.decorator_list)]) - 1
        for each in ast.parse(text).body
        if isinstance(each, _DEFINITIONS)
    }
    return "\n".join(f"\f\n{line}" if number in starts else line for number, line in enumerate(_lines(text)))


Span = tuple[int, int, str]


def _replaced(text: str, changes: Iterable[Span]) -> str:
    """TEXT with CHANGES; of those that overlap, the last one in the text."""
    limit = len(text)
    for start, end, new in sorted(changes, reverse=True):
        if end <= limit:
            text, limit = text[:start] + new + text[end:], start
    return text


class _Offsets:
    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0]
        for line in text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def at(self, line: int, column: int) -> int:
        start = self._starts[line - 1]
        return start + len(self.text[start:].split("\n", 1)[0].encode()[:column].decode())

    def start(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self.at(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self.at(node.end_lineno or 0, node.end_col_offset or 0)


def _exploded(text: str, wanted: Wanted) -> str | None:
    """Each argument of the innermost calls on a line of its own."""
    return _spread(
        text, lambda parts, indent: "(\n" + "".join(f"{indent}    {part},\n" for part in parts) + f"{indent})"
    )


def _unended(text: str, wanted: Wanted) -> str | None:
    """The same without a comma at the end, each with a comment."""
    return _spread(
        text,
        lambda parts, indent: (
            "(  # some\n" + ",  # one\n".join(f"{indent}    {part}" for part in parts) + f"  # last\n{indent})"
        ),
    )


def _spread(text: str, put: Callable[[list[str], str], str]) -> str | None:
    offsets, changes = _Offsets(text), []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not (node.args or node.keywords) or _is_in_text(node, text):
            continue
        given: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
        items = sorted(given, key=offsets.start)
        inner = text[offsets.end(node.func) : offsets.end(node)]
        if any(isinstance(each, ast.GeneratorExp) for each in node.args) or "\n" in inner or "(" in inner[1:]:
            continue
        line = _lines(text)[node.lineno - 1]
        parts = [text[offsets.start(each) : offsets.end(each)] for each in items]
        new = put(parts, line[: len(line) - len(line.lstrip())])
        changes.append((offsets.end(node.func), offsets.end(node), new))
    return _replaced(text, changes) if changes else None


def _is_in_text(node: ast.expr, text: str) -> bool:
    """Whether the call may stand in an f-string, where no line may end."""
    return any(quote in _lines(text)[node.lineno - 1] for quote in ('f"', "f'"))


def _in_parentheses(text: str, wanted: Wanted) -> str:
    offsets, changes = _Offsets(text), []
    for node in _statements(text):
        if isinstance(node, ast.Assign | ast.Return) and node.value is not None:
            start, end = offsets.start(node.value), offsets.end(node)
            changes.append((start, end, f"({text[start:end]})"))
    return _replaced(text, changes)


def _behind_backslash(text: str, wanted: Wanted) -> str:
    offsets, changes = _Offsets(text), []
    for node in _statements(text):
        if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Tuple):
            start = offsets.start(node.value)
            if text[start - 1] == " ":
                changes.append((start - 1, start, " \\\n        "))
    return _replaced(text, changes)


def _blocks(text: str) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(ast.parse(text)):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _with_semicolons(text: str, wanted: Wanted) -> str | None:
    offsets, changes = _Offsets(text), []
    for block in _blocks(text):
        for one, two in pairwise(block):
            if isinstance(one, _SIMPLE) and isinstance(two, _SIMPLE):
                between = text[offsets.end(one) : offsets.start(two)]
                if not between.strip():
                    changes.append((offsets.end(one), offsets.start(two), "; "))
    return _replaced(text, changes) if changes else None


def _closed_by_semicolons(text: str, wanted: Wanted) -> str:
    offsets = _Offsets(text)
    return _replaced(
        text, [(offsets.end(each), offsets.end(each), ";") for each in _statements(text) if isinstance(each, _SIMPLE)]
    )


def _one_line(text: str, wanted: Wanted) -> str | None:
    """Suites of one simple statement stand behind the colon."""
    offsets, changes = _Offsets(text), []
    for block in _blocks(text):
        only = block[0]
        if len(block) > 1 or not isinstance(only, _SIMPLE) or only in ast.parse(text).body:
            continue
        start = offsets.start(only)
        head = text[:start].rstrip()
        if head.endswith(":") and "\n" in text[len(head) : start] and not text[len(head) : start].strip():
            changes.append((len(head), start, " "))
    return _replaced(text, changes) if changes else None


def _head(lines: str) -> Callable[[str, Wanted], str | None]:
    return lambda text, wanted: None if text.startswith(("#!", "# -*-")) or "coding" in text[:80] else lines + text


# What is added


def _after_docstring(text: str) -> int:
    """The line (from 0) below docstring and `from __future__`, where other statements may stand."""
    line = 0
    for index, node in enumerate(ast.parse(text).body):
        is_docstring = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            line = node.end_lineno or 0
        else:
            break
    if line == 0:
        lines = _lines(text)
        while line < len(lines) and lines[line].startswith("#"):
            line += 1
    return line


def _put(text: str, line: int, added: str) -> str:
    lines = _lines(text)
    return "\n".join([*lines[:line], *_lines(added.removesuffix("\n")), *lines[line:]])


def _docstring(added: str) -> Callable[[str, Wanted], str | None]:
    def change(text: str, wanted: Wanted) -> str | None:
        if ast.get_docstring(ast.parse(text)) is not None:
            return None
        line = 0
        lines = _lines(text)
        while line < len(lines) and lines[line].startswith("#"):
            line += 1
        return _put(text, line, added)

    return change


def _future(text: str, wanted: Wanted) -> str | None:
    if "__future__" in text:
        return None
    return _put(text, _after_docstring(text), "from __future__ import annotations")


def _below_imports(added: str) -> Callable[[str, Wanted], str | None]:
    def change(text: str, wanted: Wanted) -> str | None:
        imports = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
        line = (imports[-1].end_lineno or 0) if imports else _after_docstring(text)
        return _put(text, line, added)

    return change


def _above_imports(added: str) -> Callable[[str, Wanted], str | None]:
    return lambda text, wanted: _put(text, _after_docstring(text), added)


_CHECKED = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from decimal import Decimal\n"
_TRIED = "try:\n    import ujson as json\nexcept ImportError:\n    import json\n"
_FOR_CHECKERS = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    {import}\n"
_LONG_IMPORT = "from os.path import (\n    join,  # why\n    split,\n)\n"
_COMPREHENSION = "some = {x: [y for y in range(x) if (z := y)] for x in range(3)}"
_LONG_STRING = ('some = """one', "  two {three}', four", '"""')
_OTHERS = (
    "from {module} import zebra as {name}_zebra\n",
    "from {module} import (aardvark, zebra)\n",
    "from {module} import (\n    aardvark,  # first\n    zebra  # last\n)\n",
    "from {module} import aardvark, \\\n    zebra\n",
)
_NEARBY = """

async def nearby_rows(source, limit: int = 5) -> "list[int]":
    rows = [row async for row in source if (kept := row) and kept is not None]
    return [await each async for each in source] or rows


def nearby_match(command):
    match command:
        case {"go": [x, *rest], **others} if (n := len(rest)) > 1:
            return f"{x!r:>{n}} {'a' if others else 'b'}"
        case str() | bytes() as word:
            return lambda *args, key=word, **kw: (args, key, kw)
        case _:
            return None
"""


def _below(added: str) -> Callable[[str, Wanted], str | None]:
    return lambda text, wanted: text + ("" if text.endswith("\n") else "\n") + added


# What may change what is found


def _body(text: str) -> tuple[list[str], list[str]]:
    """The lines up to the last import at the head, and those below."""
    line = _after_docstring(text)
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            line = max(line, node.end_lineno or 0)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            break
    lines = _lines(text)
    return lines[:line], lines[line:]


def _wrapped(header: str) -> Callable[[str, Wanted], str | None]:
    def change(text: str, wanted: Wanted) -> str | None:
        head, body = _body(text)
        if not any(line.strip() for line in body):
            return None
        inside = _inside_strings(text)
        moved = [
            f"    {line}" if line.strip() and number + len(head) not in inside else line
            for number, line in enumerate(body)
        ]
        return "\n".join([*head, header, *moved])

    return change


def _tried(text: str, wanted: Wanted) -> str | None:
    wrapped = _wrapped("try:")(text, wanted)
    return wrapped + "\nfinally:\n    pass\n" if wrapped is not None else None


def _decorated(above: bool) -> Callable[[str, Wanted], str | None]:
    def change(text: str, wanted: Wanted) -> str | None:
        lines = {}
        for node in _statements(text):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                lines[first if above else node.lineno] = " " * node.col_offset + "@traced"
        if not lines:
            return None
        found = []
        for number, line in enumerate(_lines(text), start=1):
            found += [lines[number], line] if number in lines else [line]
        return _below_imports("\n\ndef traced(function):\n    return function\n\n")("\n".join(found), wanted)

    return change


def _in_functions(*statements: str, at: int = 0) -> Callable[[str, Wanted], str | None]:
    """STATEMENTS first in each function, or before the statement AT of those it consists of."""

    def change(text: str, wanted: Wanted) -> str | None:
        lines = {
            node.body[at].lineno: " " * node.body[at].col_offset
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body[0].lineno > node.lineno
            and len(node.body) >= -at
            and not isinstance(node.body[at], _DEFINITIONS)
            and not (isinstance(node.body[at], ast.Expr) and isinstance(node.body[at].value, ast.Constant))  # type: ignore[attr-defined]
        }
        found = []
        for number, line in enumerate(_lines(text), start=1):
            found += [lines[number] + each for each in statements] if number in lines else []
            found.append(line)
        return "\n".join(found) if lines else None

    return change


def _statement(module: str, name: str, alias: str = "") -> str:
    tail = f" as {alias}" if alias else ""
    return f"from {module} import {name}{tail}" if name else f"import {module}{tail}"


def _imported(form: str) -> Callable[[str, Wanted], str | None]:
    """FORM with `{import}` for what the fix would import, `{alias}` for the same under another name, `{name}` for the
    name that it wants; above everything else."""

    def change(text: str, wanted: Wanted) -> str | None:
        if not wanted:
            return None
        added = ""
        for module, name in wanted:
            words = {
                "import": _statement(module, name),
                "alias": _statement(module, name, f"own_{(name or module).replace('.', '_')}"),
                "name": name or module.partition(".")[0],
                "module": module,
            }
            added += re.sub(r"\{(\w+)\}", lambda match, words=words: words[match[1]], form)  # type: ignore[misc]
        return _put(text, _after_docstring(text), added)

    return change


def _imported_below(text: str, wanted: Wanted) -> str | None:
    added = "".join(f"{_statement(module, name)}\n" for module, name in wanted)
    return _below(added)(text, wanted) if added else None


def _called_so(text: str, wanted: Wanted) -> str | None:
    """Each function has a parameter or variable of the name that the fix would import."""
    names = [name or module.partition(".")[0] for module, name in wanted]
    return _in_functions(*(f"{name} = 5" for name in names))(text, wanted) if names else None


VARIANTS = (
    Variant("tabs", "layout", lambda text, wanted: _reindented(text, "\t")),
    Variant("two spaces", "layout", lambda text, wanted: _reindented(text, "  ")),
    Variant("no final newline", "layout", lambda text, wanted: text.rstrip("\n")),
    Variant("a comment on each line", "layout", _commented),
    Variant("a comment above each statement", "layout", _comments_above),
    Variant("no blank line", "layout", _tight),
    Variant("many blank lines", "layout", _airy),
    Variant("form feeds", "layout", _fed),
    Variant("one argument a line", "layout", _exploded),
    Variant("one argument a line, with comments", "layout", _unended),
    Variant("one entry a line", "layout", _displayed),
    Variant("spaces at the ends of lines", "layout", _ending_in_spaces),
    Variant("comments in the first column", "layout", _comments_in_first_column),
    Variant("values in parentheses", "layout", _in_parentheses),
    Variant("backslashes", "layout", _behind_backslash),
    Variant("statements joined by semicolons", "layout", _with_semicolons),
    Variant("statements closed by semicolons", "layout", _closed_by_semicolons),
    Variant("one-line suites", "layout", _one_line),
    Variant("shebang", "layout", _head("#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n")),
    Variant("licence", "layout", _head("# Größe: 5 € 💡\n#\n# All rights reserved.\n\n")),
    Variant("licence without a gap", "layout", _head("# Größe: 5 € 💡\n# All rights reserved.\n")),
    Variant("short docstring", "adding", _docstring('"""Tasks."""\n')),
    Variant("long docstring", "adding", _docstring('r"""Tasks: Größe 💡.\n\nimport nothing\n"""\n')),
    Variant("from __future__", "adding", _future),
    Variant("TYPE_CHECKING below", "adding", _below_imports(_CHECKED)),
    Variant("TYPE_CHECKING above", "adding", _above_imports(_CHECKED)),
    Variant("try and ImportError below", "adding", _below_imports(_TRIED)),
    Variant("try and ImportError above", "adding", _above_imports(_TRIED)),
    Variant("new syntax below", "adding", _below(_NEARBY)),
    Variant("new syntax above", "adding", _below_imports(_NEARBY)),
    Variant("several imports in one line", "adding", _above_imports("import sys, shlex as words\n")),
    Variant("import in parentheses", "adding", _above_imports(_LONG_IMPORT)),
    Variant("imports joined by semicolons", "adding", _above_imports("import sys; import shlex\n")),
    Variant("imports over a backslash", "adding", _above_imports("from os.path import join, \\\n    split\n")),
    Variant("imports below an if", "adding", _above_imports("import sys\n\nif sys.argv:\n    import shlex\n")),
    Variant("star import", "other", _above_imports("from string import *\n")),
    Variant("in an if", "other", _wrapped("if True:")),
    Variant("in a function", "other", _wrapped("def build():")),
    Variant("in a class", "other", _wrapped("class Holder:")),
    Variant("in a try", "other", _tried),
    Variant("a decorator above", "other", _decorated(above=True)),
    Variant("a decorator below", "other", _decorated(above=False)),
    Variant("a walrus in each function", "other", _in_functions("if (some := 5) > 3:", "    pass")),
    Variant("a docstring in each function", "other", _in_functions('"""Größe 💡."""')),
    Variant("a long string in each function", "other", _in_functions(*_LONG_STRING)),
    Variant("a long string amid each function", "other", _in_functions(*_LONG_STRING, at=-2)),
    Variant("comprehensions in each function", "other", _in_functions(_COMPREHENSION)),
    Variant("pragmas", "other", lambda text, wanted: _commented(text, wanted).replace("# c", "# noqa: C")),
    Variant("another name of its module", "other", _imported(_OTHERS[0])),
    Variant("other names of its module in parentheses", "other", _imported(_OTHERS[1])),
    Variant("other names of its module over lines", "other", _imported(_OTHERS[2])),
    Variant("other names of its module over a backslash", "other", _imported(_OTHERS[3])),
    Variant("all names of its module", "other", _imported("from {module} import *\n")),
    Variant("its import is there", "other", _imported("{import}\n")),
    Variant("its import below everything", "other", _imported_below),
    Variant("its import under an alias", "other", _imported("{alias}\n")),
    Variant("its import for type checkers", "other", _imported(_FOR_CHECKERS)),
    Variant("its import tried", "other", _imported("try:\n    {import}\nexcept ImportError:\n    {name} = None\n")),
    Variant("its import in a function", "other", _imported("def lazily():\n    {import}\n    return {name}\n")),
    Variant("its name taken by a value", "other", _imported("{name} = 5\n")),
    Variant("its name taken by a function", "other", _imported("def {name}():\n    return 5\n")),
    Variant("its name taken by an import", "other", _imported("import string as {name}\n")),
    Variant("its name taken in each function", "other", _called_so),
    Variant("its module imported", "other", _imported("import {module}\n")),
)  # fmt: skip


def encoded(text: str, how: str) -> bytes | None:
    """TEXT as a file: HOW is one of `ENCODINGS`."""
    if how == "crlf":
        return text.replace("\n", "\r\n").encode()
    if how == "mark":
        return codecs.BOM_UTF8 + text.encode()
    if how == "mixed":
        return (
            "".join(
                f"{line}\r\n" if number % 3 else f"{line}\n" for number, line in enumerate(text.split("\n")[:-1])
            ).encode()
            + text.split("\n")[-1].encode()
        )
    if how == "latin-1":
        if "coding" in text[:100] or text.startswith("#!"):
            return None
        try:
            return f"# -*- coding: latin-1 -*-\n# Größe\n{text}".encode("latin-1")
        except UnicodeError:
            return None
    return text.encode()


ENCODINGS = ("utf-8", "crlf", "mixed", "mark", "latin-1")
