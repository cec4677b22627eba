"""One task in `text`: from what sends it to the worker that runs it, and where each value comes from."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.views.model import Entry, Limit, Picture, Queue, Route, Task, Worker
from celery_lint.views.phrases import consumed_queues, ignored, queue_label, without_worker
from celery_lint.views.readable import readable
from celery_lint.views.sheet import Sheet, words
from celery_lint.views.text import SEVERITY_STYLES, codes, consumer_words

Node = Task | Entry | Route | Queue | Worker


def story(picture: Picture, sheet: Sheet) -> Iterator[str]:
    """The lines about the one task of PICTURE (which `focus.only` has made)."""
    picture = readable(picture)
    (task,) = picture.tasks
    kind = "async def task " if task.is_async else "task "
    yield from sheet.line([words(kind, "dim"), words(task.name, "bold"), *codes(picture, task.problems)], task.place)
    if task.open:
        yield from sheet.paragraph(task.open, "    ", "yellow")
    yield from _senders(picture, task, sheet)
    for edge in picture.out_of(task.id):
        yield from _queue(picture, edge.target, sheet, edge.why, edge.certain)
    yield ""
    yield sheet.terminal.paint("limits", "bold")
    for name, limit in (("hard", task.hard), ("soft", task.soft)):
        yield from _limit(name, limit, sheet)
    if task.options:
        yield ""
        yield sheet.terminal.paint("options", "bold")
    for option in task.options:
        yield from sheet.line([words(f"  {option.name}={option.value}")], option.place, "  ")
    yield from _problems(picture, task, sheet)


def _senders(picture: Picture, task: Task, sheet: Sheet) -> Iterator[str]:
    yield ""
    yield sheet.terminal.paint("sent by", "bold")
    for entry in picture.schedule:
        if entry.task_id == task.id:
            name = f"  schedule entry {entry.key or 'without a name'}"
            parts = [words(name), words(f"  {entry.meaning}", "green"), *codes(picture, entry.problems)]
            yield from sheet.line(parts, entry.place, "  ")
    for caller in task.callers:
        to = [words("  to ", "dim"), words(caller.queue, "cyan")] if caller.queue is not None else []
        yield from sheet.line([words(f"  {caller.what}"), words(f"  {caller.how}", "dim"), *to], caller.place, "  ")
    if not task.callers and not any(entry.task_id == task.id for entry in picture.schedule):
        yield sheet.terminal.paint("  nothing that can be seen here", "dim")


def _queue(picture: Picture, identifier: str, sheet: Sheet, why: str, certain: bool) -> Iterator[str]:
    queue = next(queue for queue in picture.queues if queue.id == identifier)
    edge = next(edge for edge in picture.into(identifier) if edge.why == why)
    yield ""
    head = [words("queue " if certain else "perhaps queue ", "dim"), words(queue_label(queue), "cyan", "bold")]
    yield from sheet.line([*head, words(f"  {why}", "dim"), *codes(picture, queue.problems)], edge.place)
    missing = without_worker(queue)
    if missing is not None:
        style = ("red", "bold") if queue.consumed == "no" else ("yellow",)
        yield from sheet.line([words("└✗ " if queue.consumed == "no" else "╌ ", *style), words(missing, *style)])
    consumers = picture.out_of(identifier)
    for number, onward in enumerate(consumers, 1):
        worker = next(worker for worker in picture.workers if worker.id == onward.target)
        parts = consumer_words(picture, onward, worker, is_last=number == len(consumers))
        yield from sheet.line(parts, worker.place, "   ")
        stem = "     " if number == len(consumers) else "│    "
        yield from sheet.paragraph(worker.command or consumed_queues(worker), stem, "dim")
        if worker.queues_open or worker.pool_open:
            open_parts = [consumed_queues(worker) if worker.queues_open else "", worker.pool_open or ""]
            yield from sheet.paragraph("; ".join(part for part in open_parts if part), stem, "yellow")


def _limit(name: str, limit: Limit | None, sheet: Sheet) -> Iterator[str]:
    if limit is None:
        yield f"  {name}  {sheet.terminal.paint('none', 'dim')}"
        return
    parts = [words(f"  {name}  "), words(limit.text, "bold"), words(f"  {limit.source}", "dim")]
    if limit.ignored_by:
        parts.append(words(ignored(limit), "yellow"))
    yield from sheet.line(parts, limit.place, "  ")


def _problems(picture: Picture, task: Task, sheet: Sheet) -> Iterator[str]:
    nodes: tuple[Node, ...] = (task, *picture.schedule, *picture.routes, *picture.queues, *picture.workers)
    positions = sorted({position for node in (*nodes, *picture.apps, *picture.edges) for position in node.problems})
    if positions:
        yield ""
        yield sheet.terminal.paint("problems on the way", "bold")
    for problem in map(picture.problem, positions):
        label = words(f"  {problem.code}", *SEVERITY_STYLES[problem.severity])
        yield from sheet.line([label, words(f" {problem.name}")], problem.place, "  ")
        yield from sheet.paragraph(problem.message, "    ")
