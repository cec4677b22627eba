"""Builds remedies by looking at the code, the way rules do, and applies what the rewriters answer.

Cases are Markdown: a heading, the code before, and the code after or a quoted line with the reason for no fix.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from celery_lint.finding import Applicability, Edit, Location, Span
from celery_lint.fix.attach import rewrite
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.remedy import (
    AddArgument,
    BindTask,
    DiscoverIn,
    EditCode,
    IncludeModule,
    LoadApp,
    LogInstead,
    LoopRun,
    Remedy,
    Replacement,
    ReraiseFirst,
    RunCoroutines,
    ScopeSession,
    SetTimeLimits,
    UseNullPool,
    WrapAsyncTask,
    WrapInList,
)
from celery_lint.source import Source

PATH = "proj/tasks.py"
CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Sample:
    """Code and how it is encoded."""

    text: str
    encoding: str = "utf-8"

    @property
    def data(self) -> bytes:
        return self.text.encode(self.encoding)

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """The bytes of NODE; decorators belong to a definition."""
        first = self._offset(node.lineno, node.col_offset)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            decorator = node.decorator_list[0]
            first = self.text.rindex("@", 0, self._offset(decorator.lineno, decorator.col_offset))
        last = self._offset(node.end_lineno or 0, node.end_col_offset or 0)
        return Span(self._bytes(first), self._bytes(last))

    def _offset(self, line: int, column: int) -> int:
        lines = self.text.split("\n")
        before = lines[line - 1].encode()[:column].decode()
        return sum(len(text) + 1 for text in lines[: line - 1]) + len(before)

    def _bytes(self, offset: int) -> int:
        return len(self.text[:offset].encode(self.encoding))


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def calls(node: ast.AST, *names: str) -> Iterator[ast.Call]:
    """The calls below NODE of something whose last name is one of NAMES."""
    for child in ast.walk(node):
        if isinstance(child, ast.Call) and ast.unparse(child.func).rpartition(".")[2] in names:
            yield child


# What rules would ask for


def loops(sample: Sample) -> Iterator[RunCoroutines]:
    """A remedy for each function that runs a loop. `obtain_loop()` is a project helper that returns one."""
    tree = sample.tree
    helpers = [Location(PATH, sample.span(node)) for node in functions(tree) if node.name == "obtain_loop"]
    for scope in [tree, *functions(tree)]:
        runs = [call for call in _own_calls(scope) if _is_run(call)]
        getters = [call for call in _own_calls(scope) if ast.unparse(call.func) == "obtain_loop"]
        if runs:
            yield RunCoroutines(
                path=PATH,
                scope=Span(0, len(sample.data)) if isinstance(scope, ast.Module) else sample.span(scope),
                runs=tuple(LoopRun(sample.span(call), _argument(call)) for call in runs),
                loop_getters=tuple(map(sample.span, getters)),
                removable=tuple(helpers) if getters else (),
                applicability=Applicability.SAFE,
            )


def _own_calls(node: ast.AST) -> Iterator[ast.Call]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _own_calls(child)


def _is_run(call: ast.Call) -> bool:
    own = isinstance(call.func, ast.Attribute) and call.func.attr == "run_until_complete"
    return own and "shutdown_" not in ast.unparse(call)


def _argument(call: ast.Call) -> Literal["coroutine", "awaitable", "unknown"]:
    written = ast.unparse(call.args[0] if call.args else call.keywords[0].value)
    if any(word in written for word in ("gather", "ensure_future", "create_task", "future")):
        return "awaitable"
    return "unknown" if "unknown" in written else "coroutine"


def engines(sample: Sample) -> Iterator[UseNullPool]:
    for call in calls(sample.tree, "create_async_engine"):
        if "Null" not in ast.unparse(call):
            yield UseNullPool(PATH, sample.span(call))


def sessions(sample: Sample) -> Iterator[ScopeSession]:
    """A remedy for each `session = …` in a function that opens one."""
    for function in functions(sample.tree):
        for node in ast.walk(function):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            if ast.unparse(node.targets[0]) == "session":
                is_async = "async_" in ast.unparse(node)
                yield ScopeSession(PATH, sample.span(function), sample.span(node), "session", is_async)


def unbound(sample: Sample) -> Iterator[BindTask]:
    for function in functions(sample.tree):
        takes_self = bool(function.args.args) and function.args.args[0].arg == "self"
        for decorator in function.decorator_list[:1]:
            if takes_self and "bind=True" not in ast.unparse(decorator):
                yield BindTask(PATH, sample.span(decorator))


def prints(sample: Sample) -> Iterator[LogInstead]:
    for function in sample.tree.body:
        found = [sample.span(call) for call in calls(function, "print")]
        if found and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            yield LogInstead(PATH, tuple(sorted(found)), style="task" if "task_style" in function.name else "auto")


def async_tasks(sample: Sample) -> Iterator[WrapAsyncTask]:
    for function in functions(sample.tree):
        if isinstance(function, ast.AsyncFunctionDef) and function.decorator_list:
            yield WrapAsyncTask(PATH, sample.span(function), bound="bind=True" in ast.unparse(function))


def unlimited(sample: Sample) -> Iterator[SetTimeLimits]:
    for call in calls(sample.tree, "update", "Celery"):
        mapping = bool(call.args) and isinstance(call.args[0], ast.Dict)
        if "task_time_limit" not in ast.unparse(call) or "task_soft" not in ast.unparse(call):
            yield SetTimeLimits(PATH, sample.span(call), 240, 300, "mapping" if mapping else "keyword")


def unlisted(sample: Sample) -> Iterator[IncludeModule]:
    for call in calls(sample.tree, "update", "Celery"):
        for keyword in call.keywords:
            if keyword.arg == "include" and "proj.reports" not in ast.unparse(keyword):
                span = sample.span(keyword.value)
                # The span of a tuple is that of its items, as LibCST has it.
                inner = 1 if isinstance(keyword.value, ast.Tuple) else 0
                yield IncludeModule(PATH, Span(span.start + inner, span.end - inner), ("proj.reports", "proj.jobs"))


def strings(sample: Sample) -> Iterator[WrapInList]:
    for call in calls(sample.tree, "autodiscover_tasks"):
        if not isinstance(call.args[0], ast.List):
            yield WrapInList(PATH, sample.span(call.args[0]))


def discoveries(sample: Sample) -> Iterator[DiscoverIn]:
    for call in calls(sample.tree, "autodiscover_tasks"):
        if "jobs" not in ast.unparse(call):
            yield DiscoverIn(PATH, sample.span(call), "jobs")


def unloaded(sample: Sample) -> Iterator[LoadApp]:
    if ".celery" not in sample.text:
        yield LoadApp(PATH, ".celery", "app")


def eager_partials(sample: Sample) -> Iterator[EditCode]:
    """`on_commit(send.delay(1))` calls what it should be given."""
    for outer in calls(sample.tree, "on_commit"):
        inner = outer.args[0]
        if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "send.delay":
            span = sample.span(inner)
            new = f"${{functools:partial}}(send.delay, {ast.unparse(inner.args[0])})"
            replacement = Replacement(span, "send.delay(1)", new)
            yield EditCode(PATH, "Pass a callable", (replacement,), ("functools:partial",), Applicability.SAFE)


def hasty(sample: Sample) -> Iterator[AddArgument]:
    """`autoretry_for` or a schedule entry that lacks something."""
    for function in functions(sample.tree):
        for decorator in function.decorator_list:
            if "retry_backoff" not in ast.unparse(decorator):
                yield AddArgument(PATH, "Back off", sample.span(decorator), "retry_backoff=True")
    for node in ast.walk(sample.tree):
        if isinstance(node, ast.Dict) and "expires" not in ast.unparse(node):
            yield AddArgument(PATH, "Expire", sample.span(node), '"expires": 60')


def swallowed(sample: Sample) -> Iterator[ReraiseFirst]:
    for node in ast.walk(sample.tree):
        if isinstance(node, ast.Try) and not any("Retry" in ast.unparse(each) for each in node.handlers):
            for handler in node.handlers:
                if ast.unparse(handler.type or ast.Name("")) in ("", "Exception"):
                    yield ReraiseFirst(PATH, sample.span(handler.body[0]), "celery.exceptions:Retry")


FINDERS: dict[str, Callable[[Sample], Iterable[Remedy]]] = {
    "run_coroutines": loops,
    "use_null_pool": engines,
    "scope_session": sessions,
    "bind_task": unbound,
    "log_instead": prints,
    "wrap_async_task": async_tasks,
    "set_time_limits": unlimited,
    "include_module": unlisted,
    "wrap_in_list": strings,
    "discover_in": discoveries,
    "load_app": unloaded,
    "edit_code": eager_partials,
    "add_argument": hasty,
    "reraise_first": swallowed,
}


# Applying them


def apply_edits(sample: Sample, edits: Iterable[Edit]) -> Sample:
    """SAMPLE after EDITS, applied back to front."""
    data = sample.data
    encoding = "utf-8" if sample.encoding == "utf-8-sig" else sample.encoding
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        data = data[: edit.span.start] + edit.text.encode(encoding) + data[edit.span.end :]
    return Sample(data.decode(sample.encoding), sample.encoding)


def carry_out(sample: Sample, remedy: Remedy) -> tuple[Sample, Rewrite]:
    """SAMPLE after REMEDY; raises `Withheld` when there is no fix."""
    done = rewrite(remedy, lambda path: Source(path, sample.data))
    return apply_edits(sample, done.edits), done


def fix_all(sample: Sample, finder: Callable[[Sample], Iterable[Remedy]]) -> tuple[Sample, list[Rewrite]]:
    """SAMPLE after all remedies that FINDER sees, one after the other, as long as it sees any."""
    done = []
    while remedies := list(finder(sample)):
        sample, rewritten = carry_out(sample, remedies[0])
        done.append(rewritten)
        assert len(done) < 20, "the finding is still there after its fix"
    return sample, done


def reason(sample: Sample, finder: Callable[[Sample], Iterable[Remedy]]) -> str:
    """Why the first remedy that FINDER sees has no fix."""
    try:
        fixed, _ = carry_out(sample, next(iter(finder(sample))))
    except Withheld as error:
        return error.reason
    raise AssertionError(f"there is a fix:\n{fixed.text}")


# Cases


@dataclass(frozen=True)
class Case:
    """What a rewriter makes of BEFORE: AFTER, or the reason why it makes nothing of it."""

    remedy: str
    title: str
    before: str
    after: str | None
    reason: str | None
    safe: bool
    loses_comments: bool

    def __str__(self) -> str:
        return f"{self.remedy}: {self.title}"


_CASE = re.compile(
    r"^## (?P<title>.+?)\n(?P<notes>.*?)^```python\n(?P<before>.*?)^```\n+"
    r"(?:^```python\n(?P<after>.*?)^```|^> (?P<reason>.+?)$)",
    re.DOTALL | re.MULTILINE,
)


def cases() -> list[Case]:
    """All cases of all rewriters."""
    found = []
    for page in sorted(CASES.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for match in _CASE.finditer(text):
            found.append(
                Case(
                    page.stem,
                    match["title"],
                    match["before"],
                    match["after"],
                    match["reason"],
                    safe="Safe." in match["notes"],
                    loses_comments="Loses comments." in match["notes"],
                )
            )
    return found
