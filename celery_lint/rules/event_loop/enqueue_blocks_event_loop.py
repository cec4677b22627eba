"""CEL107: a broker that the event loop waits for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.finding import Finding, Span
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import HIGH, INFO, rule
from celery_lint.source import Source

_WEB = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*(?:from|import)\s+(?:fastapi|starlette)\b", re.MULTILINE)
_STANDS_ALONE = frozenset({"discarded", "assigned", "returned", "argument"})


@rule(
    "CEL107",
    "enqueue-blocks-event-loop",
    since="0.1",
    severity=INFO,
    confidence=HIGH,
    fix="unsafe",
    preset="strict",
)
def check(project: Project) -> Iterator[Finding]:
    """A task is sent from a coroutine: the event loop waits for the broker."""
    for call in project.calls:
        if call.sends and _blocks(call, project):
            yield check.finding(
                f"`{call.method}` talks to the broker while the event loop waits: when the broker is slow, or away, "
                "every other request of this process stands still; send it from a thread",
                call.location,
                call.task.entity,
                remedy=_from_a_thread(call, project),
            )


def _blocks(call: TaskCall, project: Project) -> bool:
    """Whether a coroutine that is not only a task's own sends it, itself and at once."""
    function = call.function
    if function is None or not project.symbols.fact(function).is_async or function in project.reached:
        return False
    return call.call.use != "awaited" and "lambda" not in project.index(call.path).kinds(call.call.block)


def _from_a_thread(call: TaskCall, project: Project) -> EditCode | None:
    """`t.delay(x)` becomes `await asyncio.to_thread(t.delay, x)`."""
    source, callee, whole = project.source(call.path), call.call.callee.span, call.call.span
    text = source.text(callee)
    opening = source.data.find(b"(", callee.end)
    if "\n" in text or not callee.end <= opening < whole.end:
        return None
    runner = "${fastapi.concurrency:run_in_threadpool}" if _WEB.search(source.data) else "${asyncio}.to_thread"
    imports = ("fastapi.concurrency:run_in_threadpool",) if _WEB.search(source.data) else ("asyncio",)
    alone = call.call.use in _STANDS_ALONE
    replacements = [
        Replacement(callee, text, f"await {runner}" if alone else f"(await {runner}"),
        _first(text, opening + 1, call, source),
    ]
    if not alone:
        replacements.append(Replacement(Span(whole.end, whole.end), "", ")"))
    return EditCode(call.path, "Send it from a thread", tuple(replacements), imports)


def _first(text: str, start: int, call: TaskCall, source: Source) -> Replacement:
    """TEXT as the first argument, on a line of its own where the next one has one."""
    if not call.call.arguments:
        return Replacement(Span(start, start), "", text)
    end = call.call.arguments[0].span.start
    gap = source.text(Span(start, end))
    if "\n" in gap and not gap.strip():
        return Replacement(Span(end, end), "", f"{text},{gap}")
    return Replacement(Span(start, start), "", f"{text}, ")
