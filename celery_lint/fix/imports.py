"""Puts an import among the ones a file has, where a careful reader would look for it.

Two fixes that need the same import of the same file get the same edit, so the engine can merge them.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence

import libcst as cst
from msgspec import Struct

from celery_lint.fix.blocks import whole_last_line
from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.names import alias_of, module_of, written
from celery_lint.fix.outcome import Withheld
from celery_lint.fix.scopes import is_taken

_FUTURE, _STANDARD, _OTHER, _OWN = range(4)


class _Import(Struct, frozen=True):
    """One import statement at the top of a file."""

    line: int
    last: int
    module: str
    node: cst.Import | cst.ImportFrom

    @property
    def plain(self) -> bool:
        return isinstance(self.node, cst.Import)

    @property
    def section(self) -> int:
        return _section(self.module)


def ensure_import(draft: Draft, module: str, name: str | None = None) -> str:
    """Make `import MODULE` (or `from MODULE import NAME`) available at module level.

    Returns the name that it is bound to, which an existing import may have chosen. Raises `Withheld` when the file
    calls something else so.
    """
    code = draft.code
    bound = bound_at_top(code, module, name)
    draft.need((bound or name or module).partition(".")[0])
    if bound is not None:
        return bound
    if is_taken(code, module, name):
        raise Withheld(f"`{name or module}` is something else in this file")
    if name is None or not _extend(draft, module, name):
        _insert(draft, module, name)
    return name or module


def with_imports(draft: Draft, text: str, imports: Sequence[str]) -> str:
    """TEXT for the file of DRAFT, with IMPORTS (`functools`, `celery.exceptions:Retry`) available in it.

    `${functools}` in TEXT becomes the name that the file has for it.
    """
    for item in imports:
        module, _, name = item.partition(":")
        text = text.replace(f"${{{item}}}", ensure_import(draft, module, name or None))
    return text


def bound_at_top(code: Code, module: str, name: str | None = None) -> str | None:
    """What an import at module level already calls MODULE or its NAME."""
    for statement in _top_imports(code, guarded=True):
        for alias in statement.names if not isinstance(statement.names, cst.ImportStar) else ():
            if isinstance(statement, cst.Import):
                wanted = written(alias.name) == module and name is None
            else:
                wanted = module_of(statement) == module and written(alias.name) == name
            if wanted:
                return alias_of(alias) or name or module
    return None


def _top_imports(code: Code, *, guarded: bool) -> Iterator[cst.Import | cst.ImportFrom]:
    """The imports at module level; with GUARDED those in a top-level `try` too."""
    for statement in code.module.body:
        if isinstance(statement, cst.SimpleStatementLine):
            yield from (small for small in statement.body if isinstance(small, cst.Import | cst.ImportFrom))
        elif guarded and isinstance(statement, cst.Try):
            for inner in statement.body.body:
                if isinstance(inner, cst.SimpleStatementLine):
                    yield from (small for small in inner.body if isinstance(small, cst.Import | cst.ImportFrom))


def _section(module: str) -> int:
    head = module.partition(".")[0]
    if head == "__future__":
        return _FUTURE
    if module.startswith("."):
        return _OWN
    return _STANDARD if head in sys.stdlib_module_names else _OTHER


# A name added to `from module import a, b`


def _extend(draft: Draft, module: str, name: str) -> bool:
    """Add NAME to an existing `from MODULE import …`; whether there was one."""
    for statement in _top_imports(draft.code, guarded=False):
        if isinstance(statement, cst.ImportFrom) and module_of(statement) == module:
            if isinstance(statement.names, cst.ImportStar):
                continue
            _add_name(draft, statement.names, name)
            return True
    return False


def _add_name(draft: Draft, aliases: Sequence[cst.ImportAlias], name: str) -> None:
    code = draft.code
    after = [alias for alias in aliases if written(alias.name) > name]
    ordered = [written(alias.name) for alias in aliases] == sorted(written(alias.name) for alias in aliases)
    target = after[0] if after and ordered else None
    if target is not None:
        line = code.first_line(target)
        own_line = code.line_text(line)[: code.extent(target).start - code.lines[line].start].strip() == ""
        gap = f"\n{code.indent(line)}" if own_line else " "
        draft.insert(code.extent(target).start, f"{name},{gap}")
        return
    last = aliases[-1]
    line = code.first_line(last)
    own_line = code.line_text(line)[: code.extent(last).start - code.lines[line].start].strip() == ""
    gap = f"\n{code.indent(line)}" if own_line else " "
    draft.insert(_name_end(code, last), f",{gap}{name}")


def _name_end(code: Code, alias: cst.ImportAlias) -> int:
    return code.extent(alias.asname.name if alias.asname is not None else alias.name).end


# A new import statement


def _insert(draft: Draft, module: str, name: str | None) -> None:
    code = draft.code
    text = f"import {module}" if name is None else f"from {module} import {name}"
    imports = _header(code)
    if not imports:
        _insert_first(draft, text)
        return
    before, after = _neighbours(imports, module, plain=name is None)
    if after is not None:
        _put_before(draft, after, text, apart=after.section != _section(module) and _separated(code, imports))
    elif before is not None:
        _put_after(draft, before.last, text, apart=before.section != _section(module) and _separated(code, imports))


def _header(code: Code) -> list[_Import]:
    """The import statements that stand at the top of the file, one a line."""
    found: list[_Import] = []
    for statement in code.module.body:
        if not isinstance(statement, cst.SimpleStatementLine):
            if found and not isinstance(statement, cst.If | cst.Try):
                break
            continue
        small = statement.body[0]
        if isinstance(small, cst.Import | cst.ImportFrom):
            module = module_of(small) if isinstance(small, cst.ImportFrom) else written(small.names[0].name)
            found.append(_Import(code.first_line(statement), code.last_line(statement), module, small))
        elif found and not isinstance(small, cst.Expr):
            break
    return found


def _neighbours(imports: list[_Import], module: str, *, plain: bool) -> tuple[_Import | None, _Import | None]:
    """The import to put a new one after, or the one to put it before; one of the two is None."""
    section = _section(module)
    same = [item for item in imports if item.section == section]
    if not same:
        later = [item for item in imports if item.section > section]
        return (None, later[0]) if later else (imports[-1], None)
    head = module.partition(".")[0]
    family = [item for item in same if item.module.partition(".")[0] == head and item.plain == plain]
    alike = family or [item for item in same if item.plain == plain]
    if not alike:
        return (None, same[0]) if plain else (same[-1], None)
    larger = [item for item in alike if item.module > module]
    smaller = [item for item in alike if item.module <= module]
    if smaller:
        return smaller[-1], None
    return None, larger[0]


def _separated(code: Code, imports: list[_Import]) -> bool:
    """Whether the file puts a blank line between sections, as far as it shows."""
    changes = [
        any(code.is_blank(line) for line in range(one.last + 1, two.line))
        for one, two in itertools.pairwise(imports)
        if one.section != two.section
    ]
    return any(changes) or not changes


def _put_before(draft: Draft, item: _Import, text: str, *, apart: bool) -> None:
    above = draft.code.leading_comments(item.line)
    line = above if apart and above > 0 else item.line  # never above the comments that a file starts with
    draft.put_above(line, (text, "") if apart else (text,))


def _put_after(draft: Draft, line: int, text: str, *, apart: bool) -> None:
    _put_below(draft, line, f"\n{text}\n" if apart else f"{text}\n")


def _put_below(draft: Draft, line: int, text: str) -> None:
    """Put TEXT below LINE, also when LINE is the last one and has no newline."""
    _, end, after = draft.code.lines[line]
    if end == after:
        draft.insert(end, "\n" + text.removesuffix("\n"))
    else:
        draft.insert(after, text)


def _insert_first(draft: Draft, text: str) -> None:
    """The first import of a file: below the docstring, else below the comments it starts with."""
    code = draft.code
    body = code.module.body
    first = body[0] if body else None
    if isinstance(first, cst.SimpleStatementLine) and _is_docstring(first):
        _put_below(draft, code.last_line(first), f"\n{text}\n")
        return
    line = 0
    while line < len(code.lines) - 1 and code.is_comment(line):
        line += 1
    definition = isinstance(first, cst.FunctionDef | cst.ClassDef)
    if line and not code.is_blank(line):
        line = 1 if code.line_text(0).startswith("#!") else 0
        line += "coding" in code.line_text(line) and code.is_comment(line)
    if code.is_blank(line):
        draft.put_above(line, ("", text) if line else (text,))
    else:
        draft.put_above(line, (text, "", "") if definition else (text, ""))


def has_imports(code: Code) -> bool:
    """Whether the file starts with imports."""
    return bool(_header(code))


def put_first(draft: Draft, *statements: str) -> None:
    """Put STATEMENTS, a blank line between them, at the top of a file that has no imports."""
    _insert_first(draft, "\n\n".join(statements))


def put_after_imports(draft: Draft, text: str) -> None:
    """Put the statement TEXT below the imports of the file, a blank line around it."""
    code = draft.code
    imports = _header(code)
    last = max(item.last for item in imports)
    for statement in code.module.body:
        if isinstance(statement, cst.If | cst.Try) and any(
            code.contains(statement, node) for kind in (cst.Import, cst.ImportFrom) for node in code.nodes(kind)
        ):
            first = code.first_line(statement)
            nearby = all(code.is_blank(line) or code.is_comment(line) for line in range(last + 1, first))
            if first > last and nearby:
                last = whole_last_line(code, statement)
    followed = last + 1 < len(code.lines) and not code.is_blank(last + 1)
    _put_below(draft, last, f"\n{text}\n\n" if followed else f"\n{text}\n")


def _is_docstring(statement: cst.SimpleStatementLine) -> bool:
    small = statement.body[0]
    return isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString | cst.ConcatenatedString)
