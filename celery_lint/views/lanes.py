"""The layout of the picture: four lanes from left to right, each an ordered list of groups of cards.

The order follows from the right: workers as they are written, queues by the workers they lead to, tasks by their
queues, senders by their tasks. So most edges run straight, and the same project always looks the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.views.model import Edge, Entry, Picture, Problems, Queue, Task, Worker
from celery_lint.views.packages import packages
from celery_lint.views.phrases import consumed_queues, pool, queue_label

NOBODY, ELSEWHERE, ABSENT = "nobody", "elsewhere", "absent"
_MOST_SENDERS = 14
_MOST_OPEN = 26
_MOST_GROUPS = 16


class Card(Struct, frozen=True):
    """One box. KIND is what the page calls it by; NOTE stands below the LABEL; MEMBERS are the nodes it stands for."""

    id: str
    kind: str
    label: str
    note: str = ""
    pool: str = ""
    problems: Problems = ()
    members: tuple[str, ...] = ()


class Group(Struct, frozen=True):
    """Cards that fold into one; of a group without a label they stand alone."""

    id: str
    label: str
    cards: tuple[Card, ...]
    is_open: bool = True


class Line(Struct, frozen=True):
    """An edge between two cards. POOL colours it; CODES are what is wrong with it."""

    source: str
    target: str
    pool: str
    certain: bool
    problems: Problems


class Lanes(Struct, frozen=True):
    """The whole picture."""

    senders: tuple[Group, ...]
    tasks: tuple[Group, ...]
    queues: tuple[Group, ...]
    workers: tuple[Group, ...]
    lines: tuple[Line, ...]


def lanes(picture: Picture) -> Lanes:
    """The layout of PICTURE."""
    workers = [*_workers(picture), *_absent(picture)]
    card_of = {member: card.id for card in workers for member in card.members}
    pools = {card.id: card.pool for card in workers}
    onward = [_to_worker(edge, card_of, pools) for edge in picture.edges if edge.target in card_of]
    onward += _to_nobody(picture, workers)
    rank = {card.id: position for position, card in enumerate(workers)}
    queues = _ordered([_queue(queue) for queue in picture.queues], onward, rank)
    pool_of = _pools(onward)
    inward = [_to_queue(edge, pool_of) for edge in picture.edges if edge.source.rpartition("-")[2].startswith("task")]
    dead = list(_dead_routes(picture))
    inward += [line for _, line in dead if line is not None]
    rank = {card.id: position for position, card in enumerate(queues)}
    tasks = _ordered([_task(task) for task in picture.tasks], inward, rank)
    ghosts = [card for card, _ in dead] + list(_missing_tasks(picture))
    rank = {card.id: position for position, card in enumerate(tasks)}
    entries, sent = _entries(picture), _schedule_lines(picture)
    code, calls = _code(picture)
    is_open = len(tasks) <= _MOST_OPEN
    return Lanes(
        (
            *_folded("schedule", _ordered(entries, sent, rank), "schedule", is_open=len(entries) <= _MOST_SENDERS),
            *_folded("code", _ordered(code, calls, rank), "code", is_open=True),
        ),
        (*_modules(picture, tasks, is_open=is_open), *(Group(card.id, "", (card,)) for card in ghosts)),
        tuple(Group(card.id, "", (card,)) for card in queues),
        tuple(Group(card.id, "", (card,)) for card in workers),
        (*sent, *calls, *inward, *onward),
    )


def _ordered(cards: Sequence[Card], lines: Iterable[Line], rank: Mapping[str, int]) -> list[Card]:
    """CARDS by the mean rank of what they lead to; those that lead nowhere last."""
    ranks: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        if line.target in rank:
            ranks[line.source].append(rank[line.target])

    def mean(card: Card) -> float:
        found = ranks.get(card.id)
        return sum(found) / len(found) if found else float("inf")

    return sorted(cards, key=mean)


def _folded(identifier: str, cards: Sequence[Card], label: str, *, is_open: bool) -> tuple[Group, ...]:
    return (Group(identifier, label, tuple(cards), is_open),) if cards else ()


# workers


def _workers(picture: Picture) -> list[Card]:
    """A card for all the commands that start the same worker: an image, a compose file and a chart, say."""
    same: dict[object, list[Worker]] = defaultdict(list)
    for worker in picture.workers:
        same[(worker.app, worker.pool, worker.queues, worker.queues_open)].append(worker)
    return [_worker(workers) for workers in same.values()]


def _worker(workers: Sequence[Worker]) -> Card:
    first = workers[0]
    labels = list(dict.fromkeys(worker.label for worker in workers))
    more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
    times = list(dict.fromkeys(pool(worker) for worker in workers))
    named = "" if first.queues is not None else f" · {consumed_queues(first)}"
    places = f" · {len(workers)} commands" if len(workers) > 1 else ""
    return Card(
        first.id,
        "worker",
        labels[0] + more,
        (" / ".join(times[:2]) + (" / …" if len(times) > 2 else "")) + named + places,
        first.pool or "unknown",
        tuple(sorted({position for worker in workers for position in worker.problems})),
        tuple(worker.id for worker in workers),
    )


def _absent(picture: Picture) -> list[Card]:
    states = {queue.consumed for queue in picture.queues}
    cards = []
    if "no" in states:
        cards.append(Card(NOBODY, "ghost broken", "no worker", "consumes these queues"))
    if "elsewhere" in states:
        cards.append(Card(ELSEWHERE, "ghost", "workers elsewhere", "external-queues of the configuration"))
    if "unknown" in states:
        cards.append(Card(ABSENT, "ghost", "workers not seen", "no worker command in this repository"))
    return cards


def _to_worker(edge: Edge, card_of: Mapping[str, str], pools: Mapping[str, str]) -> Line:
    target = card_of[edge.target]
    return Line(edge.source, target, pools[target], edge.certain, edge.problems)


def _to_nobody(picture: Picture, workers: Sequence[Card]) -> list[Line]:
    target = {"no": NOBODY, "elsewhere": ELSEWHERE, "unknown": ABSENT}
    return [
        Line(queue.id, target[queue.consumed], "unknown", queue.consumed == "no", queue.problems)
        for queue in picture.queues
        if queue.consumed in target
    ]


# queues and tasks


def _queue(queue: Queue) -> Card:
    return Card(queue.id, "queue", queue_label(queue), queue.open or "", "", queue.problems, (queue.id,))


def _pools(lines: Iterable[Line]) -> Mapping[str, str]:
    """The pool of each queue that is consumed by workers of one pool."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        found[line.source].add(line.pool)
    return {queue: next(iter(pools)) for queue, pools in found.items() if len(pools) == 1}


def _to_queue(edge: Edge, pool_of: Mapping[str, str]) -> Line:
    return Line(edge.source, edge.target, pool_of.get(edge.target, "unknown"), edge.certain, edge.problems)


def _task(task: Task) -> Card:
    short = task.name.removeprefix(f"{task.module}.")
    return Card(task.id, "task", short, "", "", task.problems, (task.id,))


def _modules(picture: Picture, cards: Sequence[Card], *, is_open: bool) -> list[Group]:
    """The tasks by modules; by packages when there are too many to see all at once."""
    module_of = {task.id: task.module for task in picture.tasks}
    name_of = {task.id: task.name for task in picture.tasks}
    modules = set(module_of.values())
    package_of = {module: module for module in modules} if is_open else packages(modules, _MOST_GROUPS)
    groups: dict[str, list[Card]] = defaultdict(list)
    for card in cards:
        groups[package_of[module_of[card.id]]].append(card)
    found = []
    for package, members in groups.items():
        named = [replace(card, label=name_of[card.id].removeprefix(f"{package}.")) for card in members]
        if len(members) == 1 and not is_open:
            found.append(Group(members[0].id, "", (replace(members[0], label=name_of[members[0].id]),)))
        else:
            found.append(Group(f"module:{package}", package, tuple(named), is_open))
    return found


def _dead_routes(picture: Picture) -> Iterable[tuple[Card, Line | None]]:
    queues = {queue.name: queue.id for queue in picture.queues if queue.name is not None}
    for route in picture.routes:
        if not route.tasks and route.problems:
            card = Card(route.id, "ghost broken", route.pattern, "route that no task takes", "", route.problems)
            target = queues.get(route.queue or "")
            yield card, Line(route.id, target, "unknown", True, route.problems) if target is not None else None


def _missing_tasks(picture: Picture) -> Iterable[Card]:
    names = {
        entry.task: entry.problems for entry in picture.schedule if entry.task and not entry.task_id and entry.problems
    }
    for name, problems in names.items():
        yield Card(f"missing:{name}", "ghost broken", name, "no such task", "", problems)


# senders


def _entries(picture: Picture) -> list[Card]:
    return [_entry(entry) for entry in picture.schedule]


def _entry(entry: Entry) -> Card:
    return Card(entry.id, "entry", entry.meaning, entry.key or entry.task or "", "", entry.problems, (entry.id,))


def _schedule_lines(picture: Picture) -> list[Line]:
    lines = []
    for entry in picture.schedule:
        target = entry.task_id or (f"missing:{entry.task}" if entry.task and entry.problems else None)
        if target is not None:
            lines.append(Line(entry.id, target, "unknown", True, () if entry.task_id else entry.problems))
    return lines


def _code(picture: Picture) -> tuple[list[Card], list[Line]]:
    """The modules that send tasks, by packages when there are many; tasks that send tasks are left to the details."""
    sent = [(caller.what, task.id) for task in picture.tasks for caller in task.callers if caller.task is None]
    name_of = packages({what for what, _ in sent}, _MOST_SENDERS)
    tasks: dict[str, dict[str, None]] = defaultdict(dict)
    for what, task_id in sent:
        tasks[name_of[what]][task_id] = None
    cards = [Card(f"code:{name}", "caller", name, "", members=(f"code:{name}",)) for name in tasks]
    return cards, [Line(f"code:{name}", task, "unknown", True, ()) for name in tasks for task in tasks[name]]


__all__ = ["Card", "Group", "Lanes", "Line", "lanes"]
