"""LINK: tasks that are sent by their name: `send_task("name")`, `signature("name")`."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.files import Files
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Evaluator, Known, Placed

_SENDS = Pattern(rb"\b(?:send_task|signature|subtask)\b")
BY_NAME: frozenset[str] = frozenset({"send_task", "signature", "subtask"})


def sent_name(path: str, call: Call, evaluator: Evaluator) -> str | None:
    """The task name that CALL, in PATH, sends; None when it sends none, or a computed one."""
    if last_name(call.callee) not in BY_NAME:
        return None
    argument = call.argument(0, "name")
    known = evaluator.text(Placed(path, call.block, argument.value)) if argument is not None else None
    return known.value if isinstance(known, Known) else None


def sent(files: Files, evaluator: Evaluator) -> Iterator[tuple[str, str, Call]]:
    """All task names that the project sends, each with the file and the call."""
    for path in files.mentioning(_SENDS):
        for call in files.python(path).calls_named(*BY_NAME):
            name = sent_name(path, call, evaluator)
            if name is not None:
                yield name, path, call
