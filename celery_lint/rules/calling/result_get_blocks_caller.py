"""CEL609: code outside of tasks that waits for a task without an end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from celery_lint.facts.model import Call, Function, Name
from celery_lint.finding import Finding, Related
from celery_lint.project.calls.results import Wait
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.project import Project
from celery_lint.rule import MEDIUM, WARNING, rule

_SCRIPTS = frozenset({"commands", "scripts", "script", "bin", "cli", "tools", "migrations"})
_HANDED_TO_THREADS = frozenset({"to_thread", "run_in_executor", "run_in_threadpool", "run_sync", "submit", "Thread"})
_ASKS = frozenset({"ready", "successful", "failed", "state", "status"})


@rule("CEL609", "result-get-blocks-caller", since="0.1", severity=WARNING, confidence=MEDIUM)
def check(project: Project) -> Iterator[Finding]:
    """`.get()` without a timeout outside of tasks, or any `.get()` in a coroutine."""
    for path in project.files.mentioning(project.results.mentions):
        if _is_script(path):
            continue
        for wait in project.results.waits(path):
            index = project.index(path)
            function = index.function_at(wait.call.block)
            if function is None or not _counts(index, function, project) or wait.result.made == "eager":
                continue
            if _is_deferred(index, wait) or _is_ready(wait, index, function):
                continue
            if function.is_async or wait.timeout is False:
                yield _finding(wait, function)


def _finding(wait: Wait, function: Function) -> Finding:
    where = f"`{function.qualname}`"
    if function.is_async:
        why = f"in the coroutine {where} stops the event loop until the task is done; ask for it in a thread"
    elif wait.timeout is False:
        why = f"has no timeout in {where}: without a worker, or with a full queue, the caller hangs for ever"
    return check.finding(
        f"`.{wait.method}()` {why}",
        wait.location,
        f"function:{wait.path}:{function.qualname}",
        related=(Related(wait.result.origin, "the result comes from here"),),
    )


def _is_script(path: str) -> bool:
    *folders, name = PurePosixPath(path).parts
    return any(folder in _SCRIPTS for folder in folders) or name in ("__main__.py", "manage.py", "cli.py")


def _counts(index: FileIndex, function: Function, project: Project) -> bool:
    """Whether FUNCTION is no worker code, no command, and not handed to a thread."""
    ref = FunctionRef(index.path, function.block)
    if ref in project.reached or _is_command(function):
        return False
    handed = index.calls_named(*_HANDED_TO_THREADS)
    given = (project.symbols.function(index.path, call.block, each.value) for call in handed for each in call.arguments)
    return ref not in given


def _is_deferred(index: FileIndex, wait: Wait) -> bool:
    """Whether the call stands in a `lambda`: who calls it, and where, is another matter."""
    return any(index.block(number).kind == "lambda" for number in index.up(wait.call.block))


def _is_command(function: Function) -> bool:
    called = (item.callee if isinstance(item, Call) else item for item in function.decorators)
    return any((last_name(value) or "").endswith("command") for value in called) or function.name == "main"


def _is_ready(wait: Wait, index: FileIndex, function: Function) -> bool:
    """Whether the function asks the result first whether it is there."""
    callee = wait.call.callee
    owner = callee.ref.rpartition(".")[0] if isinstance(callee, Name) else ""
    read = (value.ref for value in index.values(function) if isinstance(value, Name))
    return any(ref.rpartition(".")[0] == owner and ref.rpartition(".")[2] in _ASKS for ref in read)
