"""Which functions a change alters, and which tasks run them.

Two texts of a function are the same when Python reads them the same: a comment, a docstring or the layout is no change.
"""

from __future__ import annotations

import ast
from collections import Counter, deque
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from celery_lint.crash import Crash, attempt
from celery_lint.finding import Location
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.project import Project
from celery_lint.views.review.subject import Subject

_DOCUMENTED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Outline(Struct, frozen=True):
    """What a file defines: each function by its qualified name (all of that name), each name of the module with its
    value, and the names that each function uses."""

    functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    uses: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Touched(Struct, frozen=True):
    """A function that changed, or (NAME) one that uses a name of its module that changed."""

    function: FunctionRef
    label: str
    name: str | None = None


def outline(data: bytes) -> Outline | None:
    """What the Python file DATA defines; None when it cannot be parsed."""
    found = attempt(lambda: _outline(data))
    return None if isinstance(found, Crash) else found


def changed_functions(project: Project, before: Mapping[str, bytes | None]) -> dict[FunctionRef, Touched]:
    """The functions of PROJECT that are other than BEFORE: the texts of all changed files, by path; None for a file
    that is new."""
    moved = Counter(_elsewhere(project, before))
    found: dict[FunctionRef, Touched] = {}
    for path, old in before.items():
        if path.endswith(".py") and path in project.files.known and not is_aside(path):
            for each in _changed_in(project, path, old, moved):
                found[each.function] = each
    return found


def way_to(subject: Subject, targets: Mapping[FunctionRef, Touched]) -> tuple[Touched, tuple[Location, ...]] | None:
    """The nearest of TARGETS that a run of SUBJECT comes to, and the calls that lead there; None when it comes to none.
    What belongs to the task itself is no target."""
    ways: deque[tuple[FunctionRef, tuple[Location, ...]]] = deque((start, ()) for start in subject.starts)
    seen = set(subject.starts)
    while ways:
        here, steps = ways.popleft()
        if here in targets and here != subject.task.function and not _is_inside(here, subject):
            return targets[here], steps
        for callee, location, _ in subject.project.reach.edges(here):
            if callee not in seen:
                seen.add(callee)
                ways.append((callee, (*steps, location)))
    return None


def _is_inside(function: FunctionRef, subject: Subject) -> bool:
    """Whether FUNCTION stands inside the task's own."""
    own = subject.own_span
    return function.path == own.path and own.span.contains(subject.project.symbols.fact(function).span)


def _elsewhere(project: Project, before: Mapping[str, bytes | None]) -> Iterator[tuple[str, str]]:
    """The functions of files that are gone: what stands elsewhere in the same words has only moved."""
    for path, old in before.items():
        if old is not None and path.endswith(".py") and path not in project.files.known:
            known = outline(old)
            for name, texts in known.functions.items() if known is not None else ():
                yield from ((name, text) for text in texts)


def _changed_in(project: Project, path: str, old: bytes | None, moved: Counter[tuple[str, str]]) -> Iterator[Touched]:
    was, now = outline(old or b""), outline(project.files.data(path))
    if was is None or now is None:
        was = now = Outline()
    names = {name for name, value in now.names.items() if name in was.names and was.names[name] != value}
    for fact in project.index(path).facts.functions:
        function = FunctionRef(path, fact.block)
        texts = now.functions.get(fact.qualname)
        if texts is None or _differs(fact.qualname, texts, was, moved):
            yield Touched(function, fact.qualname)
            continue
        used = sorted(names & now.uses.get(fact.qualname, frozenset()))
        if used:
            yield Touched(function, fact.qualname, used[0])


def _differs(name: str, texts: tuple[str, ...], was: Outline, moved: Counter[tuple[str, str]]) -> bool:
    """Whether TEXTS of the functions called NAME are other than they WERE, and none has only MOVED."""
    return bool(Counter(texts) - Counter(was.functions.get(name, ()))) and not all(moved[name, each] for each in texts)


# reading


def _outline(data: bytes) -> Outline:
    functions: dict[str, list[str]] = {}
    uses: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    tree = ast.parse(data)
    for prefix, node in _definitions(tree, ""):
        text = ast.dump(_plain(node))
        functions.setdefault(prefix, []).append(text)
        uses.setdefault(prefix, set()).update(_names(node))
    for statement in tree.body:
        names |= dict(_assigned(statement))
    return Outline(
        {name: tuple(texts) for name, texts in functions.items()},
        names,
        {name: frozenset(each) for name, each in uses.items()},
    )


def _names(node: ast.AST) -> Iterator[str]:
    """The names that NODE uses when it runs: not those of annotations."""
    if isinstance(node, ast.Name):
        yield node.id
    for field_name, value in ast.iter_fields(node):
        if field_name not in ("annotation", "returns"):
            for each in value if isinstance(value, list) else (value,):
                if isinstance(each, ast.AST):
                    yield from _names(each)


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{child.name}", child
            yield from _definitions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _definitions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _definitions(child, prefix)


def _plain(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
    """NODE without docstrings."""
    for each in ast.walk(node):
        if isinstance(each, _DOCUMENTED) and _is_text(each.body[0]):
            each.body = each.body[1:]
    return node


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """The names that a statement of a module gives a value."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    for target in targets:
        if isinstance(target, ast.Name) and value is not None:
            yield target.id, ast.dump(value)
