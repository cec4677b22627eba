"""What every fix promises, checked from outside: with the bytes before and after, and none of the code that fixes.

`fixing` runs the fixes of a project in memory; `broken` says which promises the result does not keep.
"""

from __future__ import annotations

import ast
import builtins
import io
import re
import symtable
import textwrap
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from celery_lint.cache.facts import FactStore
from celery_lint.finding import Finding
from celery_lint.fix.engine import Plan, plan
from celery_lint.run import run
from celery_lint.settings import Configuration

_NEWLINE = re.compile(rb"\r\n|\n|\r")
_PRAGMA = re.compile(r"#\s*(noqa|type:|pylint:|pragma:|nosec|fmt:|mypy:|pyright:|ruff:|celery-lint:|isort:)", re.I)
# What the tool may say about itself when the lines it spoke of are gone.
_ABOUT_COMMENTS = "CEL001"
# What can be seen only when something else was mended: the code of the finding that was fixed, and of the new one.
_UNCOVERED = {
    ("CEL211", "CEL214"),  # a command that Celery refuses starts no worker
    ("CEL211", "CEL215"),
    ("CEL211", "CEL810"),
    ("CEL401", "CEL507"),  # an option with another name is none
    ("CEL602", "CEL616"),  # a countdown that was passed to the task delays nothing
}


@dataclass(frozen=True, slots=True)
class Fixing:
    """FOUND before, the PLAN, and the files as they were judged after each round, the accepted ones and the others."""

    found: tuple[Finding, ...]
    plan: Plan
    judged: tuple[Mapping[str, bytes], ...]


def fixing(configuration: Configuration, *, unsafe: bool = True, store: FactStore | None = None) -> Fixing:
    """Fix the project of CONFIGURATION in memory. STORE: facts that need not be read again."""
    store = store or FactStore()
    judged: list[Mapping[str, bytes]] = []

    def rejudge(overlay: Mapping[str, bytes]) -> tuple[Finding, ...]:
        judged.append(dict(overlay))
        return run(configuration, overlay, store=store).report.findings

    found = run(configuration, store=store).report.findings
    planned = plan(configuration.root, found, unsafe=unsafe, rejudge=rejudge)
    return Fixing(found, planned, tuple(judged))


def broken(done: Fixing) -> Iterator[str]:
    """The promises that DONE does not keep, one sentence each."""
    yield from _beside_the_edits(done)
    yield from _new_findings(done)
    for path, after in done.plan.after.items():
        before = done.plan.before[path]
        checks = [*_text(before, after), *(_python(before, after) if path.endswith((".py", ".pyi")) else ())]
        if path.endswith((".yml", ".yaml")):
            checks += _yaml(before, after)
        yield from (f"{path}: {text}" for text in checks)


# Only the bytes of its edits differ


def _beside_the_edits(done: Fixing) -> Iterator[str]:
    """Follow the rounds: each accepted state is the one before with the edits of the findings fixed in it."""
    state: dict[str, bytes] = {}
    left = list(done.plan.fixed)
    accepted: Mapping[str, bytes] = {}
    for judged in done.judged:
        count = next((n for n in range(1, len(left) + 1) if _applied(done, state, left[:n]) == judged), 0)
        if count:
            state, left, accepted = dict(judged), left[count:], judged
    if left:
        yield f"what {', '.join(finding.code for finding in left)} changed is not what its edits say"
    for path, after in done.plan.after.items():
        last = accepted.get(path, done.plan.before[path])
        # A helper that lost its last use is deleted at the end: lines go, none comes but an import made shorter.
        new = Counter(after.splitlines()) - Counter(last.splitlines())
        if any(b"import" not in line for line in new):
            yield f"{path}: more differs than the edits of its fixes"


def _applied(done: Fixing, state: Mapping[str, bytes], fixed: Iterable[Finding]) -> dict[str, bytes]:
    """STATE with the edits of FIXED, each once."""
    edits = {edit for finding in fixed if finding.fix is not None for edit in finding.fix.edits}
    result = dict(state)
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        data = result.get(edit.path) or done.plan.before.get(edit.path, b"")
        if edit.span.end > len(data):
            return {}
        text = edit.text.encode(_encoding(done.plan.before.get(edit.path, b"")), "replace")
        result[edit.path] = data[: edit.span.start] + text + data[edit.span.end :]
    return result


def _encoding(data: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0].removesuffix("-sig")
    except SyntaxError:
        return "utf-8"


# The same findings minus the fixed ones


def _new_findings(done: Fixing) -> Iterator[str]:
    new = Counter(map(_identity, done.plan.remaining)) - Counter(map(_identity, done.found))
    fixed = {finding.code for finding in done.plan.fixed}
    for code, path, entity in new:
        if code != _ABOUT_COMMENTS and not any((each, code) in _UNCOVERED for each in fixed):
            yield f"{path}: {code} is new ({entity})"


def _identity(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.location.path, finding.entity


# Any text


def _text(before: bytes, after: bytes) -> Iterator[str]:
    ends, now = (Counter(_NEWLINE.findall(data)) for data in (before, after))
    if ends and now.keys() - ends.keys():
        yield "has newlines of another kind than before"
    if len(ends) == 1 and len(now) > 1:
        yield "has mixed newlines"
    if before[-1:] not in b"\r\n" and after[-1:] in b"\r\n":
        yield "has got a newline at its end"
    if before[-1:] in b"\r\n" and after and after[-1:] not in b"\r\n":
        yield "has lost the newline at its end"
    new = Counter(after.splitlines()) - Counter(before.splitlines())
    neat = all(line == line.rstrip() for line in before.splitlines())
    if neat and any(line != line.rstrip() for line in new):
        yield "has a new line with whitespace at its end"
    if before[:2] == b"#!" and before.splitlines()[0] != after.splitlines()[0]:
        yield "has lost its first line"
    if before.startswith(b"\xef\xbb\xbf") != after.startswith(b"\xef\xbb\xbf") or after.count(b"\xef\xbb\xbf") > 1:
        yield "has another byte order mark"


def _yaml(before: bytes, after: bytes) -> Iterator[str]:
    if _loads(before) and not _loads(after):
        yield "is no YAML any more"
    lost = Counter(_hashes(before)) - Counter(_hashes(after))
    if lost:
        yield f"has lost the comments {sorted(lost)}"


def _loads(data: bytes) -> bool:
    try:
        list(yaml.parse(data, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return False
    return True


def _hashes(data: bytes) -> list[bytes]:
    found = (match[0].rstrip() for match in re.finditer(rb"(?:^|(?<=\s))#.*", data, re.MULTILINE))
    return [text for text in found if not _PRAGMA.match(text.decode(errors="replace"))]


# Python


def _python(before: bytes, after: bytes) -> Iterator[str]:
    try:
        old = ast.parse(before)
    except (SyntaxError, ValueError):
        return
    try:
        compile(after, "<fixed>", "exec", dont_inherit=True)
        new = ast.parse(after)
    except (SyntaxError, ValueError) as error:
        yield f"does not compile: {error}"
        return
    if lost := comments(before) - comments(after) - _about_the_gone(before, old, new):
        yield f"has lost the comments {sorted(lost)}"
    if changed := _long_strings(old, new):
        yield f"has lost or changed the strings {sorted(changed)}"
    yield from _head(before, after, old, new)
    yield from _imports(old, new)
    yield from _names(before, after)
    yield from _shadowed(old, new)
    if early := _too_early(new) - _too_early(old):
        yield f"uses {sorted(early)} before it is imported"


def comments(data: bytes) -> Counter[str]:
    """The comments of the Python file DATA, without those that speak to a tool about their line."""
    tokens = tokenize.tokenize(io.BytesIO(data.removeprefix(b"\xef\xbb\xbf")).readline)
    found = (token.string.rstrip() for token in tokens if token.type == tokenize.COMMENT)
    return Counter(text for text in found if not _PRAGMA.match(text))


def _long_strings(old: ast.Module, new: ast.Module) -> set[str]:
    """The strings over several lines of OLD that are not in NEW: what is indented anew is code, and no text."""
    before, after = (
        {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        for tree in (old, new)
    )
    return {text for text in before - after if "\n" in text}


def _about_the_gone(before: bytes, old: ast.Module, new: ast.Module) -> Counter[str]:
    """The comments in and above the functions of OLD that are not in NEW: helpers that lost their last use."""
    left = {node.name for node in new.body if isinstance(node, _SCOPES)}
    lines = before.splitlines(keepends=True)
    found: Counter[str] = Counter()
    for node in old.body:
        if isinstance(node, _SCOPES) and node.name not in left:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
            while first and lines[first - 1].lstrip().startswith(b"#"):
                first -= 1
            found += comments(
                textwrap.dedent(b"".join(lines[first : node.end_lineno]).decode(errors="replace")).encode()
            )
    return found


def _head(before: bytes, after: bytes, old: ast.Module, new: ast.Module) -> Iterator[str]:
    """Docstring, encoding and the statements that must come first or stay together."""
    if _encoding(before) != _encoding(after):
        yield "has another encoding"
    if ast.get_docstring(old, clean=False) != ast.get_docstring(new, clean=False):
        yield "has another docstring"
    for one, two in ((_guarded(old), _guarded(new)), (_future(old), _future(new))):
        if one != two:
            yield "has another `try`, `if TYPE_CHECKING` or `from __future__` at its head"
    opening = _opening(before)
    if opening and _opening(after)[: len(opening)] != opening:
        yield "starts with other comments"


def _opening(data: bytes) -> list[bytes]:
    """The comments that a file starts with, up to the first line that is no comment."""
    lines: list[bytes] = []
    for line in data.splitlines():
        if not line.startswith(b"#"):
            return lines if not line.strip() else lines[:2] if lines and lines[0].startswith(b"#!") else lines[:0]
        lines.append(line)
    return lines


def _guarded(tree: ast.Module) -> list[str]:
    """The blocks at module level that hold nothing but imports."""
    blocks = (node for node in tree.body if isinstance(node, ast.If | ast.Try))
    return [
        ast.dump(node) for node in blocks if all(isinstance(each, ast.Import | ast.ImportFrom) for each in node.body)
    ]


def _future(tree: ast.Module) -> list[tuple[int, str]]:
    return [
        (index - (ast.get_docstring(tree) is not None), ast.dump(node))
        for index, node in enumerate(tree.body)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]


def _too_early(tree: ast.Module) -> set[str]:
    """The names that are used at module level above all of their imports, and bound by nothing else."""
    bound: set[str] = set()
    used: set[str] = set()
    for node in tree.body:
        names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
        at_once = [*getattr(node, "decorator_list", ())] if isinstance(node, _SCOPES) else [node]
        loads = {each.id for part in at_once for each in ast.walk(part) if isinstance(each, ast.Name)}
        used |= loads - bound
        bound |= {each.id for each in names if isinstance(each.ctx, ast.Store)}
        bound |= {called.partition(".")[0] for _, _, called in imported(ast.Module([node], []))}
        bound |= {node.name} if isinstance(node, _SCOPES) else set()
    return used & {called.partition(".")[0] for _, _, called in imported(tree)}


_Bound = tuple[str, str, str]


def _imports(old: ast.Module, new: ast.Module) -> Iterator[str]:
    before, after = Counter(imported(old)), Counter(imported(new))
    if after.total() > before.total():  # else one was written in the place of another
        for item, count in after.items():
            if count > max(1, before[item]):
                yield f"imports {item} twice"
        known = {(module, name): called for module, name, called in before}
        for module, name, called in after - before:
            if (module, name) in known:
                yield f"imports {module}.{name} as {called} though it has it as {known[module, name]}"
    had, bound = _bound_at_top(old), _bound_at_top(new)
    for module, name, called in after - before:
        if bound[called] > max(1, had[called], after[module, name, called] + _checked(new, called)):
            yield f"imports the name {called}, which is something else too"


def imported(tree: ast.Module) -> Iterator[_Bound]:
    """What is imported at module level, whatever may be the case: module, name, and what it is called."""
    for node in _always(tree.body):
        if isinstance(node, ast.Import):
            yield from ((each.name, "", each.asname or each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((module, each.name, each.asname or each.name) for each in node.names)


def _always(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.Try):
            yield from node.body


def _checked(tree: ast.Module, name: str) -> int:
    """How often an import for type checkers, or one that is tried, binds NAME."""
    inside = (each for node in tree.body if isinstance(node, ast.If | ast.Try) for each in ast.walk(node))
    return sum(
        name in {alias.asname or alias.name for alias in each.names}
        for each in inside
        if isinstance(each, ast.Import | ast.ImportFrom)
    )


def _bound_at_top(tree: ast.Module) -> Counter[str]:
    """How often each name is bound at module level."""
    found: Counter[str] = Counter()
    for node in ast.walk(ast.Module([each for each in tree.body if not isinstance(each, _SCOPES)], [])):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] += 1
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update({(each.asname or each.name).partition(".")[0] for each in node.names})
    found.update(each.name for each in tree.body if isinstance(each, _SCOPES))
    return found


_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _names(before: bytes, after: bytes) -> Iterator[str]:
    if missing := _undefined(after) - _undefined(before):
        yield f"uses names that are not defined: {sorted(missing)}"


def _undefined(data: bytes) -> set[str]:
    if b"import *" in data:
        return set()
    table = symtable.symtable(data.decode(_encoding(data)).removeprefix("\ufeff"), "<fixed>", "exec")
    top = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    top |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_namespace()} | {*dir(builtins), "__file__"}
    return {name for name in _global_uses(table) if name not in top}


def _global_uses(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        outer = table.get_type() == "module" and not symbol.is_assigned() and not symbol.is_imported()
        if symbol.is_referenced() and (symbol.is_global() or outer):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _global_uses(child)


def _shadowed(old: ast.Module, new: ast.Module) -> Iterator[str]:
    """An imported name is not used where a function calls something else by it."""
    names = {bound.partition(".")[0] for _, _, bound in imported(new)}
    before = _hidden_uses(old, names)
    for use, count in _hidden_uses(new, names).items():
        if count > before[use]:
            yield f"uses the import {use[1]} in {use[0]}, where it is something else"


def _hidden_uses(tree: ast.Module, names: set[str]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            hidden = names & set(_local(function))
            loads = (
                node for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            )
            found.update((function.name, node.id) for node in loads if node.id in hidden)
    return found


def _local(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


# Two results that mean the same


def meaning(data: bytes) -> list[str]:
    """The statements of the Python code DATA without their layout."""
    return [ast.dump(node) for node in ast.parse(data).body]
