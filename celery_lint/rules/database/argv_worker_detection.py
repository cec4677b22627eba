"""CEL306: guessing from `sys.argv` whether this is a worker."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.model import Attribute, Call, Literal, Name, Operation, Value
from celery_lint.finding import Finding, Location
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.project import Project
from celery_lint.rule import HIGH, INFO, rule

_ARGV = Pattern(rb"\bargv\b", re.IGNORECASE)
_NAMED = Pattern(rb"celery", re.IGNORECASE)
_CELERY = re.compile(r"(?:^|[\s/])celery(?:$|\s)", re.IGNORECASE)
_COMPARES = frozenset({"in", "not in", "==", "!="})
# These have to happen before anything is imported, so only the command line can tell; Celery's own does the same.
_PATCHES = frozenset({"monkey_patch", "patch_all"})
# A program that starts Celery itself, or is one, reads its own arguments.
_STARTS = frozenset({"worker_main", "execute_from_command_line", "ArgumentParser"})


@rule("CEL306", "argv-worker-detection", since="0.1", severity=INFO, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """Code guesses from `sys.argv` whether it runs in a Celery worker."""
    if not project.apps and not project.tasks:
        return
    for path in project.files.mentioning(_ARGV):
        if "/management/commands/" in path or not project.files.mentions(path, _NAMED):
            continue
        index = project.index(path)
        if not _reads_its_own(index, project):
            yield from _in_file(index)


def _reads_its_own(index: FileIndex, project: Project) -> bool:
    names = {last_name(call.callee) for call in index.facts.calls}
    extends = any(item.module.startswith(("celery.bin", "celery.__main__")) for item in index.facts.imports)
    return extends or bool(names & (_PATCHES | _STARTS))


def _in_file(index: FileIndex) -> Iterator[Finding]:
    seen: set[Value] = set()
    for block, name, root in _tests(index):
        guesses = [value for value in within(root) if _reads_argv(value) and value not in seen]
        seen.update(within(root))
        words = [word for guess in guesses for word in _words(guess)]
        about_celery = any(map(_CELERY.search, words)) or "celery" in name.lower()
        if not guesses or not about_celery or any(map(index.is_main_guard, index.up(block))):
            continue
        yield check.finding(_message("worker" in words), Location(index.path, guesses[0].span), f"module:{index.path}")


def _tests(index: FileIndex) -> Iterator[tuple[int, str, Value]]:
    """The expressions that decide something: their block, what they are called, and they themselves."""
    for number, block in enumerate(index.facts.blocks):
        if block.kind in ("if", "while") and block.value is not None:
            yield number, "", block.value
    for assignment in index.facts.assignments:
        if assignment.value is not None:
            yield assignment.block, assignment.target or "", assignment.value
    for item in index.facts.returns:
        function = index.function_at(item.block)
        if item.value is not None:
            yield item.block, function.name if function is not None else "", item.value
    for call in index.facts.calls:
        yield call.block, "", call


def _reads_argv(value: Value) -> bool:
    """`"celery" in sys.argv`, `sys.argv[0].endswith("celery")`, `any("celery" in word for word in sys.argv)`."""
    match value:
        case Operation(operator=operator, right=right, left=left) if operator in _COMPARES:
            return bool(_words(value)) and any(
                isinstance(inner, Name) and inner.ref == "sys.argv" for inner in (*within(left), *within(right))
            )
        case Call(callee=Name(ref="builtins.any")):
            inside = list(within(value))
            return bool(_words(value)) and any(isinstance(inner, Name) and inner.ref == "sys.argv" for inner in inside)
        case Call(callee=Attribute(name="endswith", value=owner)):
            return bool(_words(value)) and any(isinstance(i, Name) and i.ref == "sys.argv" for i in within(owner))
    return False


def _words(guess: Value) -> list[str]:
    """What is looked for: `celery` or `worker`."""
    texts = [value.value for value in within(guess) if isinstance(value, Literal) and isinstance(value.value, str)]
    return [text for text in texts if text == "worker" or _CELERY.search(text)]


def _message(asks_for_worker: bool) -> str:
    mistaken = "" if asks_for_worker else ", `celery beat` and `celery inspect` are taken for one"
    return (
        "this guesses from the command line whether it runs in a Celery worker: one that a script starts is "
        f"overlooked{mistaken}; give the worker an environment variable, or act in its `celeryd_init` or "
        "`worker_process_init` signal"
    )
