"""What an editor shows of a task, a queue, a setting: a few lines of Markdown, in the words of `map`.

Names are those of the project, so everything that is not ours stands in backquotes or is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from celery_lint.celery_versions import Table
from celery_lint.report.text import escape
from celery_lint.views.focus import only
from celery_lint.views.model import Edge, Entry, Limit, Picture, Place, Queue, Route, Task, Worker
from celery_lint.views.phrases import (
    consumed_queues,
    counted,
    ignored,
    pool,
    problems_of,
    queue_label,
    without_worker,
)  # fmt: skip

_Node = Task | Entry | Route | Queue | Worker | Edge

_MOST = 5
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def task_card(picture: Picture, identifier: str) -> list[str]:
    """The lines about one task: where it runs, its limits, what sends it, what is wrong on the way."""
    task = next((task for task in picture.tasks if task.id == identifier), None)
    if task is None:
        return []
    part = only(picture, task)
    return [f"**{'async def task' if task.is_async else 'task'}** {code(task.name)}", "", *_task(part, task)]


def queue_card(picture: Picture, name: str) -> list[str]:
    """The lines about the queues called NAME: which workers consume them, how many tasks go there."""
    lines: list[str] = []
    found = [
        (queue, {edge.source for edge in picture.into(queue.id)}) for queue in picture.queues if queue.name == name
    ]
    # Every application has one of the name: those that nothing goes to are of no interest beside others.
    is_used = any(sent for _, sent in found)
    for queue, sent in found:
        if sent or not is_used:
            lines += [f"**queue** {_queue_name(queue)}", ""]
            lines += [f"- {counted(len(sent), 'task goes', 'tasks go')} here", *_workers(picture, queue, "- ")]
            lines += [f"- {problem}" for problem in _problems(picture, queue.problems)]
    return lines


def setting_card(name: str, table: Table) -> list[str]:
    """The lines about the setting NAME (new style): its type and default in the project's release of Celery."""
    known = table.settings.get(name)
    if known is None:
        return []
    lines = [f"**setting** {code(name)}", "", f"- {known.type}, default {code(str(known.default))}"]
    if known.deprecate_by:
        instead = f"; use {code(known.alternative)}" if known.alternative else ""
        lines.append(f"- deprecated since Celery {known.deprecate_by}{instead}")
    return lines


def unknown_card(name: str, why: str | None) -> list[str]:
    """The lines about the NAME of a task that is not in the project; WHY it may be there all the same."""
    lines = [f"**task** {code(name)}", "", "- no task of that name can be seen in this project"]
    return [*lines, f"- it may exist: {plain(why)}"] if why else lines


def lens_title(picture: Picture, task: Task) -> str:
    """`queue mail → mailer (threads ×8)`: where TASK runs, in one line."""
    parts = []
    for edge in _first_of_each_target(picture.out_of(task.id)):
        queue = next(queue for queue in picture.queues if queue.id == edge.target)
        shown = queue_label(queue) if queue.name is None else f"queue {queue_label(queue)}"
        maybe = "" if edge.certain or queue.name is None else "perhaps "
        missing = without_worker(queue) if picture.workers and queue.name is not None else None
        onward = ", ".join(_consumers(picture, queue)) or missing
        parts.append(f"{maybe}{shown} → {onward}" if onward else f"{maybe}{shown}")
    if not parts:
        return "queue not known"
    rest = len(parts) - 2
    return escape("; ".join(parts[:2]) + (f"; and {counted(rest, 'more queue')}" if rest > 0 else ""))


def code(text: str) -> str:
    """TEXT, which is the project's, as code."""
    text = escape(text)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def plain(text: str) -> str:
    """TEXT, which may hold something of the project's, as a part of a sentence; what is in backquotes stays code."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:
        return _SPECIAL.sub(r"\\\1", "`".join(parts))
    return "".join(code(part) if number % 2 else _SPECIAL.sub(r"\\\1", part) for number, part in enumerate(parts))


def without_markup(lines: Iterable[str]) -> str:
    """LINES for an editor that shows text only."""
    return "\n".join(re.sub(r"\\(.)", r"\1", line.replace("**", "").replace("`", "")) for line in lines)


def _task(part: Picture, task: Task) -> Iterator[str]:
    for edge in _first_of_each_target(part.out_of(task.id)):
        queue = next(queue for queue in part.queues if queue.id == edge.target)
        maybe = "" if edge.certain or queue.name is None else "perhaps "
        if queue.name is None:
            yield f"- queue not known: {plain(queue.open or edge.why)}"
        else:
            yield f"- {maybe}queue {_queue_name(queue)}, by {_named(edge.why)}"
        yield from _workers(part, queue, "  - ")
    yield f"- time limit {_limit(task.hard)}, soft {_limit(task.soft)}"
    if task.options:
        yield "- " + ", ".join(code(f"{option.name}={option.value}") for option in task.options)
    for entry in part.schedule[:_MOST]:
        name = code(entry.key) if entry.key is not None else "without a name"
        yield f"- schedule entry {name}: {plain(entry.meaning)}"
    yield from _callers(task, is_scheduled=bool(part.schedule))
    if task.open:
        yield f"- {plain(task.open)}"
    yield from (f"- {problem}" for problem in _problems(part, _all_problems(part, task)))


def _named(text: str) -> str:
    """`route x.*`, `setting task_time_limit`: what has a name, and not what its characters mean in Markdown."""
    word, _, rest = text.partition(" ")
    is_name = rest and rest != "of the task" and word in ("route", "setting", "option")
    return f"{word} {code(rest)}" if is_name else plain(text)


def _callers(task: Task, *, is_scheduled: bool) -> Iterator[str]:
    places = list(dict.fromkeys((caller.what, caller.how, caller.place) for caller in task.callers))
    if not places and is_scheduled:
        return
    if not places:
        yield "- sent by nothing that can be seen here"
        return
    yield f"- sent from {counted(len(places), 'place')}:"
    for what, how, place in places[:_MOST]:
        yield f"  - {code(what)} with {code(how)}, {_place(place)}"
    if len(places) > _MOST:
        yield f"  - and {len(places) - _MOST} more"


def _workers(picture: Picture, queue: Queue, mark: str) -> Iterator[str]:
    missing = without_worker(queue)
    if missing is not None:
        yield f"{mark}{missing}"
    for edge in picture.out_of(queue.id):
        worker = next(worker for worker in picture.workers if worker.id == edge.target)
        maybe = "" if edge.certain else "perhaps "
        open_parts = [consumed_queues(worker) if worker.queues_open else "", worker.pool_open or ""]
        why = "; ".join(plain(part) for part in open_parts if part)
        yield f"{mark}{maybe}worker {code(worker.label)}, {plain(pool(worker))}, {_place(worker.place)}" + (
            f" ({why})" if why else ""
        )


def _consumers(picture: Picture, queue: Queue) -> list[str]:
    found = []
    for edge in picture.out_of(queue.id):
        worker: Worker = next(worker for worker in picture.workers if worker.id == edge.target)
        found.append(f"{'' if edge.certain else 'perhaps '}{worker.label} ({pool(worker)})")
    return found[:2] + ([f"and {counted(len(found) - 2, 'more worker')}"] if len(found) > 2 else [])


def _first_of_each_target(edges: Iterable[Edge]) -> list[Edge]:
    found: dict[str, Edge] = {}
    for edge in edges:
        known = found.get(edge.target)
        if known is None or (edge.certain and not known.certain):
            found[edge.target] = edge
    return list(found.values())


def _limit(limit: Limit | None) -> str:
    if limit is None:
        return "none"
    return f"**{plain(limit.text)}** ({_named(limit.source)}){plain(ignored(limit))}"


def _place(place: Place) -> str:
    return code(f"{place.path}:{place.line}")


def _all_problems(part: Picture, task: Task) -> set[int]:
    nodes: tuple[_Node, ...] = (task, *part.schedule, *part.routes, *part.queues, *part.workers, *part.edges)
    return {position for node in nodes for position in node.problems}


def _queue_name(queue: Queue) -> str:
    name = code(queue.name) if queue.name is not None else "not known"
    return f"{name} (default)" if queue.is_default else name


def _problems(picture: Picture, positions: Iterable[int]) -> list[str]:
    found = problems_of(picture, positions)
    return [f"**{problem.severity}** {problem.code} {problem.name}, {_place(problem.place)}" for problem in found]
