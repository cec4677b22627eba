"""Builds remedies by looking at the code, the way rules do, and applies what the rewriters answer."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from celery_lint.finding import Applicability, Edit, Location, Span
from celery_lint.fix import Rewrite, Withheld, rewrite
from celery_lint.remedy import LoopRun, Remedy, RunCoroutines
from celery_lint.source import Source

PATH = "proj/tasks.py"


def span_of(data: bytes, node: ast.AST) -> Span:
    """The bytes of NODE in DATA (UTF-8 without a byte order mark)."""
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = [getattr(node, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")]
    return Span(starts[found[0] - 1] + found[1], starts[found[2] - 1] + found[3])


def find(text: str, snippet: str, nth: int = 0) -> Span:
    """The bytes of the NTH SNIPPET in TEXT."""
    start = -1
    for _ in range(nth + 1):
        start = text.index(snippet, start + 1)
    before = len(text[:start].encode())
    return Span(before, before + len(snippet.encode()))


def functions(tree: ast.Module) -> Iterable[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def runs_in(node: ast.AST) -> list[ast.Call]:
    """The `run_until_complete` calls of NODE's own code that run something of the user's."""
    found: list[ast.Call] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute):
            if child.func.attr == "run_until_complete" and "shutdown_" not in ast.unparse(child):
                found.append(child)
        found += runs_in(child)
    return found


def argument_kind(call: ast.Call) -> str:
    written = ast.unparse(call.args[0] if call.args else call.keywords[0].value)
    if any(word in written for word in ("gather", "ensure_future", "create_task", "future")):
        return "awaitable"
    return "unknown" if "unknown" in written else "coroutine"


def loop_remedies(
    text: str,
    *,
    applicability: Applicability = Applicability.SAFE,
    removable: Iterable[str] = (),
) -> list[RunCoroutines]:
    """One remedy for each function of TEXT that runs a loop. Calls of functions called `*_loop` get loops."""
    data, tree = text.encode(), ast.parse(text)
    scopes: list[ast.AST] = [tree, *functions(tree)]
    helpers = {
        node.name: Location(PATH, span_of(data, node)) for node in functions(tree) if node.name in set(removable)
    }
    found = []
    for scope in scopes:
        calls = runs_in(scope)
        if not calls:
            continue
        getters = [
            node
            for node in ast.walk(scope)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "obtain_loop"
        ]
        found.append(
            RunCoroutines(
                path=PATH,
                scope=Span(0, len(data)) if isinstance(scope, ast.Module) else span_of(data, scope),
                runs=tuple(LoopRun(span_of(data, call), argument_kind(call)) for call in calls),  # type: ignore[arg-type]
                loop_getters=tuple(span_of(data, getter) for getter in getters),
                removable=tuple(helpers.values()),
                applicability=applicability,
            )
        )
    return found


def apply_edits(data: bytes, edits: Iterable[Edit], encoding: str = "utf-8") -> bytes:
    """DATA after EDITS, applied back to front."""
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        data = data[: edit.span.start] + edit.text.encode(encoding) + data[edit.span.end :]
    return data


def fixed(text: str, remedy: Remedy, others: Mapping[str, str] | None = None) -> tuple[str, Rewrite]:
    """TEXT after REMEDY; raises `Withheld` when there is no fix."""
    files = {PATH: text, **(others or {})}
    done = rewrite(remedy, lambda path: Source(path, files[path].encode()))
    edits = [edit for edit in done.edits if edit.path == PATH]
    return apply_edits(text.encode(), edits).decode(), done


def fix_loops(text: str, **options: object) -> str:
    """TEXT after the loop remedies of all its functions, one after the other."""
    done: set[str] = set()
    while True:
        remedies = loop_remedies(text, **options)  # type: ignore[arg-type]
        if not remedies:
            return text
        text, _ = fixed(text, remedies[0])
        assert text not in done, "the rewriter changes nothing"
        done.add(text)


def reason(text: str, remedy: Remedy) -> str:
    """Why there is no fix."""
    try:
        fixed(text, remedy)
    except Withheld as error:
        return error.reason
    raise AssertionError("there is a fix")
