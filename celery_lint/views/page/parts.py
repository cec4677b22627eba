"""The pieces of HTML that the page is made of. Everything that comes from a project is escaped here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from celery_lint.views.lanes import Card, Group
from celery_lint.views.model import Limit, Picture, Place, Problem, Task
from celery_lint.views.phrases import consumed_queues, counted, ignored, name_of_app, pool, problems_of, queue_label

_FIRST_PROBLEMS = 3


def link(place: Place | None, way: str) -> str:
    """PLACE as a link to the file, which WAY leads to."""
    if place is None or place.path == ".":
        return ""
    text = f"{place.path}:{place.line}"
    address = quote(f"{way}{place.path}", safe="/.~-_", errors="surrogateescape")
    # A file whose first folder holds a colon is no scheme.
    address = address if address.startswith((".", "/")) else f"./{address}"
    return f'<a class="place" href="{escape(address)}" data-line="{place.line}">{_breakable(text)}</a>'


def badges(picture: Picture, positions: Iterable[int]) -> str:
    """The codes of problems, each leading to its first problem."""
    positions = tuple(positions)
    first = {picture.problem(position).code: position for position in reversed(positions)}
    return "".join(_badge(problem, first[problem.code]) for problem in problems_of(picture, positions))


def _badge(problem: Problem, position: int) -> str:
    return (
        f'<button type="button" class="code {problem.severity}" data-problem="{position}" '
        f'title="{escape(problem.name)}">{escape(problem.code)}</button>'
    )


def group(picture: Picture, each: Group) -> str:
    """A group of cards; it folds when it has a label and more than one."""
    cards = "".join(card(picture, one) for one in each.cards)
    if not each.label:
        return cards
    if len(each.cards) == 1 and each.id.startswith("module:"):
        return (
            f'<div class="single"><p class="module" title="{escape(each.label)}">{_tail(each.label)}</p>{cards}</div>'
        )
    is_open = " open" if each.is_open else ""
    problems = [position for one in each.cards for position in one.problems]
    worst = problems_of(picture, problems)[:1]
    mark = f'<span class="dot {worst[0].severity}" title="{len(set(problems))} problems"></span>' if worst else ""
    return (
        f'<details class="group" data-id="{escape(each.id)}"{is_open}><summary>'
        f'<span class="label" title="{escape(each.label)}">{_tail(each.label)}</span>{mark}'
        f'<span class="count">{len(each.cards)}</span></summary>{cards}</details>'
    )


def _breakable(text: str) -> str:
    """A dotted name or a path that may go on in the next line where its parts do."""
    return escape(text).replace(".", ".<wbr>").replace("/", "/<wbr>")


def _tail(text: str) -> str:
    """TEXT, of which the page shows the end when there is no room for all: `<bdi>` keeps its signs in their order."""
    return f'<bdi dir="ltr">{escape(text)}</bdi>'


def card(picture: Picture, one: Card) -> str:
    """One card."""
    note = f'<span class="note" title="{escape(one.note)}">{escape(one.note)}</span>' if one.note else ""
    attributes = f' data-pool="{escape(one.pool)}"' if one.pool else ""
    return (
        f'<div class="card {one.kind}" data-id="{escape(one.id)}"{attributes}>'
        f'<button type="button" class="open"><span class="label" title="{escape(one.label)}">{_tail(one.label)}</span>'
        f"{note}</button>{badges(picture, one.problems)}</div>"
    )


def limit(each: Limit | None) -> str:
    """A limit in a cell of a table."""
    if each is None:
        return '<span class="none">none</span>'
    note = f'<span class="warn">{escape(ignored(each))}</span>' if each.ignored_by else ""
    return f'<span title="{escape(each.source)}">{escape(each.text)}</span>{note}'


def task_row(picture: Picture, task: Task, way: str) -> str:
    """A row of the table of tasks."""
    queues = [queue for edge in picture.out_of(task.id) for queue in picture.queues if queue.id == edge.target]
    workers = [edge.target for queue in queues for edge in picture.out_of(queue.id)]
    pools = dict.fromkeys(worker.pool or "?" for worker in picture.workers if worker.id in workers)
    schedule = [entry.meaning for entry in picture.schedule if entry.task_id == task.id]
    options = [f"{option.name}={option.value}" for option in task.options]
    seconds = task.hard.seconds if task.hard is not None and task.hard.seconds is not None else 1e12
    chips = "".join(f'<span class="chip" data-pool="{escape(name)}">{escape(name)}</span>' for name in pools)
    opener = f'<button type="button" class="name" data-show="{escape(task.id)}">{_breakable(task.name)}</button>'
    cells = (
        f'<th scope="row">{opener}'
        f"{'<span class=async>async</span>' if task.is_async else ''}{badges(picture, task.problems)}"
        f"<div>{link(task.place, way)}</div></th>",
        _cell(escape(", ".join(dict.fromkeys(queue_label(queue) for queue in queues)))),
        _cell(chips),
        f'<td data-sort="{seconds}">{limit(task.hard)}</td>',
        _cell(limit(task.soft)),
        _cell("<br>".join(escape(meaning) for meaning in schedule)),
        f'<td class="number" data-sort="{len(task.callers)}">{len(task.callers) or ""}</td>',
        _cell("".join(f"<code>{escape(option)}</code> " for option in options)),
    )
    return f'<tr data-text="{escape(_searched(task))}">{"".join(cells)}</tr>'


def _cell(content: str) -> str:
    return f"<td>{content}</td>"


def _searched(task: Task) -> str:
    return f"{task.name} {task.place.path}".lower()


def worker_row(picture: Picture, identifier: str, way: str) -> str:
    """A row of the table of workers."""
    worker = next(worker for worker in picture.workers if worker.id == identifier)
    why = f'<div class="warn">pool {escape(worker.pool_open)}</div>' if worker.pool_open else ""
    command = f"<code>{escape(worker.command)}</code>" if worker.command else ""
    head = f"{escape(worker.label)}{badges(picture, worker.problems)}<div>{link(worker.place, way)}</div>"
    return (
        f'<tr><th scope="row">{head}</th>'
        f'<td><span class="chip" data-pool="{escape(worker.pool or "unknown")}">{escape(pool(worker))}</span>{why}</td>'
        f'<td class="{"warn" if worker.queues_open else ""}">{escape(consumed_queues(worker))}</td>'
        f"<td>{escape(name_of_app(picture, worker.app))}</td><td>{command}</td></tr>"
    )


def problems(picture: Picture, way: str) -> str:
    """All problems, rule by rule, the worst first."""
    positions: dict[str, list[int]] = defaultdict(list)
    for position, each in enumerate(picture.problems):
        positions[each.code].append(position)
    rules = problems_of(picture, range(len(picture.problems)))
    return "".join(_rule(picture, each, positions[each.code], way) for each in rules)


def _rule(picture: Picture, each: Problem, positions: Sequence[int], way: str) -> str:
    items = [_problem(picture.problem(position), position, way) for position in positions]
    seen, more = items[:_FIRST_PROBLEMS], items[_FIRST_PROBLEMS:]
    folded = f"<details><summary>{len(more)} more</summary><ul>{''.join(more)}</ul></details>" if more else ""
    count = f'<span class="count">{len(items)}</span>' if len(items) > 1 else ""
    return (
        f'<li class="{each.severity}"><h3>{_badge(each, positions[0])} {escape(each.name)} {count}</h3>'
        f"<ul>{''.join(seen)}</ul>{folded}</li>"
    )


def _problem(each: Problem, position: int, way: str) -> str:
    return f'<li id="problem-{position}"><p>{coded(each.message)}</p>{link(each.place, way)}</li>'


def coded(message: str) -> str:
    """MESSAGE with what stands between backticks as code."""
    pieces = escape(message).split("`")
    if len(pieces) % 2 == 0:
        return "`".join(pieces)
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))


def headline(picture: Picture) -> str:
    """The numbers at the top."""
    named = sum(queue.name is not None for queue in picture.queues)
    counts = (
        (len(picture.apps), "app", None), (len(picture.tasks), "task", None), (named, "queue", None),
        (len(picture.workers), "worker", None), (len(picture.schedule), "schedule entry", "schedule entries"),
    )  # fmt: skip
    shown = [f"<span>{counted(count, noun, plural)}</span>" for count, noun, plural in counts]
    severity = problems_of(picture, range(len(picture.problems)))
    worst = severity[0].severity if severity else "fine"
    shown.append(f'<a class="{worst}" href="#problems">{counted(len(picture.problems), "problem")}</a>')
    return "".join(shown)
