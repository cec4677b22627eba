"""`text`: the picture as a tree for a terminal, queue by queue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from celery_lint.views.model import App, Edge, Entry, Picture, Queue, Task, Worker
from celery_lint.views.phrases import (
    consumed_queues,
    counted,
    limits,
    name_of_app,
    pool,
    problems_of,
    queue_label,
    summary,
    without_worker,
)  # fmt: skip
from celery_lint.views.readable import readable
from celery_lint.views.sheet import Sheet, Words, words

SEVERITY_STYLES = {"error": ("red", "bold"), "warning": ("yellow",), "info": ("blue",)}
POOL_STYLES = {"prefork": "blue", "processes": "blue", "threads": "cyan", "gevent": "green", "eventlet": "green"}
# A queue with more tasks than this shows them by module.
_MANY = 8
_WIDEST_COLUMN = 34


def text(picture: Picture, sheet: Sheet) -> Iterator[str]:
    """The lines of PICTURE on SHEET."""
    picture = readable(picture)
    yield from sheet.line([words(picture.name, "bold"), words(f"  {summary(picture)}", "dim")])
    if not picture.apps and not picture.tasks and not picture.workers:
        yield "No Celery application, task or worker was found here."
        return
    for group in sorted({app.group for app in picture.apps} | {queue.group for queue in picture.queues}):
        yield ""
        yield from _group(picture, group, sheet)
    for section in (_schedule, _routes, _workers, _gaps, _problems):
        lines = list(section(picture, sheet))
        if lines:
            yield ""
            yield from lines


def codes(picture: Picture, positions: Iterable[int]) -> list[Words]:
    """The codes of problems, each after two blanks."""
    return [
        words(f"  {problem.code}", *SEVERITY_STYLES[problem.severity]) for problem in problems_of(picture, positions)
    ]


def worker_words(worker: Worker) -> list[Words]:
    """A worker in one line: its name, its pool."""
    style = POOL_STYLES.get(worker.pool or "", "yellow")
    return [words(worker.label, "bold"), words(f"  {pool(worker)}", style)]


def consumer_words(picture: Picture, edge: Edge, worker: Worker, *, is_last: bool) -> list[Words]:
    """A worker below the queue from which EDGE leads to it: the way there, and the worker."""
    mark = ("└" if is_last else "├") + ("▶ " if edge.certain else "╌ ")
    maybe = [] if edge.certain else [words("perhaps ", "dim")]
    return [words(mark, "dim"), *maybe, *worker_words(worker), *codes(picture, edge.problems)]


def _title(sheet: Sheet, title: str) -> Iterator[str]:
    yield sheet.terminal.paint(title, "bold")


# applications, queues, tasks


def _group(picture: Picture, group: int, sheet: Sheet) -> Iterator[str]:
    for app in picture.apps:
        if app.group == group:
            yield from _app(picture, app, sheet)
    for queue in sorted((queue for queue in picture.queues if queue.group == group), key=lambda each: not each.name):
        yield from _queue(picture, queue, sheet)


def _app(picture: Picture, app: App, sheet: Sheet) -> Iterator[str]:
    yield from sheet.line([words("app ", "dim"), words(app.name, "bold"), *codes(picture, app.problems)], app.place)
    facts = [_limits_of_app(app), *(words(f"{setting.name}={setting.value}") for setting in app.settings)]
    if app.open:
        facts.append(words(f"settings cannot all be seen: {app.open}", "yellow"))
    yield from sheet.items(facts, "    ")


def _limits_of_app(app: App) -> Words:
    if app.hard is None and app.soft is None:
        return words("time limits not seen" if app.open else "no time limit", "yellow")
    return words(
        ", ".join(f"{word} {limit.text}" for word, limit in (("limit", app.hard), ("soft", app.soft)) if limit)
    )


def _queue(picture: Picture, queue: Queue, sheet: Sheet) -> Iterator[str]:
    into = picture.into(queue.id)
    reasons: dict[str, list[str]] = defaultdict(list)
    for edge in into:
        reasons[edge.source].append(edge.why)
    tasks = [task for task in picture.tasks if task.id in reasons]
    consumers = picture.out_of(queue.id)
    yield ""
    yield from sheet.line(
        [words("queue ", "dim"), words(queue_label(queue), "cyan", "bold"), *codes(picture, queue.problems)]
    )
    if queue.open:
        yield from sheet.paragraph(queue.open, "│    ", "yellow")
    if not tasks:
        yield from sheet.line([words("├─ ", "dim"), words("no task is sent here", "dim")])
    if len(tasks) > _MANY:
        yield from _by_module(picture, tasks, reasons, sheet)
    else:
        for task in tasks:
            yield from _task(picture, task, sheet, "├─ ", "│    ", task.name, reasons[task.id])
    missing = without_worker(queue)
    if missing is not None:
        mark = "└✗ " if queue.consumed == "no" else "└╌ " if not consumers else "├╌ "
        style = ("red", "bold") if queue.consumed == "no" else ("yellow",)
        yield from sheet.line([words(mark, *style), words(missing, *style)])
    for number, edge in enumerate(consumers, 1):
        worker = next(worker for worker in picture.workers if worker.id == edge.target)
        parts = consumer_words(picture, edge, worker, is_last=number == len(consumers))
        yield from sheet.line(parts, worker.place, "   ")


def _by_module(
    picture: Picture, tasks: Sequence[Task], reasons: Mapping[str, list[str]], sheet: Sheet
) -> Iterator[str]:
    modules: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        modules[task.module].append(task)
    for module, members in modules.items():
        head = [words("├─ ", "dim"), words(module), words(f"  {counted(len(members), 'task')}", "dim")]
        yield from sheet.line(head)
        for number, task in enumerate(members, 1):
            is_last = number == len(members)
            short = task.name.removeprefix(f"{module}.")
            stem = "│       " if is_last else "│  │    "
            mark = "│  └─ " if is_last else "│  ├─ "
            yield from _task(picture, task, sheet, mark, stem, short, reasons[task.id])


def _task(
    picture: Picture, task: Task, sheet: Sheet, mark: str, stem: str, name: str, reasons: Sequence[str]
) -> Iterator[str]:
    parts = [words(mark, "dim"), words(name, "bold"), *codes(picture, task.problems)]
    yield from sheet.line(parts, task.place, stem)
    yield from sheet.items((*_sayable(reasons), *_details(picture, task)), stem)


def _sayable(reasons: Sequence[str]) -> Iterator[Words]:
    """Why a task is in a queue, where that is not its route or the default."""
    for reason in dict.fromkeys(reasons):
        if reason.startswith(("call in ", "schedule entry ")) or "; " in reason:
            yield words(f"by the {reason}" if "; " not in reason else reason, "dim")


def _details(picture: Picture, task: Task) -> Iterator[Words]:
    for entry in picture.schedule:
        if entry.task_id == task.id:
            yield words(entry.meaning, "green")
    if task.is_async:
        yield words("async def", "yellow")
    own = limits(task, inherited=False)
    if own is not None:
        yield words(own)
    for option in task.options:
        yield words(f"{option.name}={option.value}")
    if task.callers:
        yield words(f"sent from {counted(len({caller.place for caller in task.callers}), 'place')}", "dim")
    if task.open:
        yield words(task.open, "yellow")


# the rest


def _schedule(picture: Picture, sheet: Sheet) -> Iterator[str]:
    if not picture.schedule and not picture.beats:
        return
    yield from _title(sheet, "schedule")
    for beat in picture.beats:
        shown = [
            words("  started by ", "dim"),
            words(beat.label, "bold"),
            words("  -B" if beat.worker else "", "dim"),
            *codes(picture, beat.problems),
        ]
        yield from sheet.line(shown, beat.place, "  ")
    if not picture.beats:
        yield from sheet.line([words("  no command in this repository starts beat", "dim")])
    keys = [entry.key or "(no name)" for entry in picture.schedule]
    column = min(max(map(len, keys), default=0), _WIDEST_COLUMN)
    times = min(max((len(entry.meaning) for entry in picture.schedule), default=0), _WIDEST_COLUMN)
    for key, entry in zip(keys, picture.schedule, strict=True):
        yield from _entry(picture, entry, f"  {key:{column}}  ", times, sheet)


def _entry(picture: Picture, entry: Entry, key: str, times: int, sheet: Sheet) -> Iterator[str]:
    target = entry.task or "a task that is computed"
    first = [words(key), words(f"{entry.meaning:{times}}", "green")]
    task = [words("→ ", "dim"), words(target), *codes(picture, entry.problems)]
    room = sheet.width - len(key) - max(len(entry.meaning), times)
    if room > len(target) + 4:
        yield from sheet.line([*first, words("  "), *task], entry.place, "  ")
        return
    yield from sheet.line(first, entry.place, "  ")
    yield from sheet.line([words("    "), *task])


def _routes(picture: Picture, sheet: Sheet) -> Iterator[str]:
    if not picture.routes:
        return
    yield from _title(sheet, "routes")
    column = min(max(len(route.pattern) for route in picture.routes), 48)
    for route in picture.routes:
        takes = counted(len(route.tasks), "task") if route.tasks else "no task"
        parts = [words(f"  {route.pattern:{column}}"), words("  → ", "dim"), words(route.queue or "?", "cyan")]
        parts += [words(f"  {takes}", "dim"), *codes(picture, route.problems)]
        yield from sheet.line(parts, route.place, "  ")


def _workers(picture: Picture, sheet: Sheet) -> Iterator[str]:
    if not picture.workers:
        return
    yield from _title(sheet, "workers")
    for worker in picture.workers:
        parts = [words("  "), *worker_words(worker), *codes(picture, worker.problems)]
        yield from sheet.line(parts, worker.place, "  ")
        style = ("yellow",) if worker.queues_open else ("cyan",) if worker.queues else ("dim",)
        yield from sheet.paragraph(consumed_queues(worker), "    ", *style)
        facts = []
        if worker.pool_open:
            facts.append(words(f"pool: {worker.pool_open}", "yellow"))
        if len(picture.apps) > 1:
            facts.append(words(name_of_app(picture, worker.app), "dim"))
        yield from sheet.items(facts, "    ")
        if worker.command is not None:
            yield from sheet.paragraph(worker.command, "    ", "dim")


def _gaps(picture: Picture, sheet: Sheet) -> Iterator[str]:
    if not picture.gaps:
        return
    yield from _title(sheet, "what could not be told")
    for gap in picture.gaps:
        yield from sheet.line([words(f"  {gap.what}")], gap.place, "  ")
        yield from sheet.paragraph(gap.why, "    ", "yellow")


def _problems(picture: Picture, sheet: Sheet) -> Iterator[str]:
    if not picture.problems:
        return
    yield from _title(sheet, "problems")
    for problem in picture.problems:
        label = words(f"  {problem.code}", *SEVERITY_STYLES[problem.severity])
        yield from sheet.line([label, words(f" {problem.name}")], problem.place, "  ")
        yield from sheet.paragraph(problem.message, "    ")
