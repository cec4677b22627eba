"""What a change makes of a task: where it runs, how it is sent, how it fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from celery_lint.facts.model import Parameter
from celery_lint.finding import Location
from celery_lint.project.calls.arguments import Parameters, parameters
from celery_lint.project.calls.sent import sent
from celery_lint.project.project import Project
from celery_lint.project.tasks.limits import NAMES, Limit
from celery_lint.views.model import Severity
from celery_lint.views.review.model import Alteration, Note
from celery_lint.views.review.rows.failing import idle_limits, late_at, limit_in_words, limits_of, retries_in_words
from celery_lint.views.review.rows.running import TOLD, meaning, ways_of, where
from celery_lint.views.review.subject import Subject, place_of
from celery_lint.views.words import joined

_QUEUED = "messages that are queued already, or sent by code that is not deployed yet,"


def introduced(now: Subject) -> Iterator[Alteration]:
    """What there is to say of a task that there was not."""
    text = f"new task: {where(now)}" if now.edges else "new task"
    yield Alteration("runs on", "info", text, text)
    idle = idle_limits(now)
    if idle is not None:
        yield Alteration("limits", "info", idle, "no time limit in force", None, now.place(now.task.location))


def alterations(now: Subject, then: Subject) -> Iterator[Alteration]:
    """What is other NOW than THEN."""
    yield from _renamed(now, then)
    yield from _signature(now, then)
    yield from _queues(now, then)
    yield from _pools(now, then)
    yield from _limits(now, then)
    yield from _enforcement(now, then)
    yield from _retries(now, then)
    yield from _acknowledgement(now, then)
    yield from _schedule(now, then)
    yield from _options(now, then)


def _renamed(now: Subject, then: Subject) -> Iterator[Alteration]:
    old, new = then.task.name, now.task.name
    if old == new or not then.task.names or not now.task.names:
        return
    moved = not now.task.explicit_name and now.task.location.path != then.task.location.path
    text = f"named `{old}` before" + (": its name follows its module" if moved else "")
    lost = f"{_QUEUED} under the old name are discarded as unregistered"
    left = [
        f"{note.message} at `{note.place.path}:{note.place.line}`" for note in named_at(now.project, then.task.names)
    ]
    place = now.place(now.task.location)
    if left:
        short = "renamed, and the old name is still in use"
        yield Alteration("registration", "error", text, short, f"{joined(left)}: {lost}", place)
    else:
        kept = f"{lost}; keep a task of that name until they are gone"
        several = "renamed, as the names follow the modules" if moved else "renamed"
        yield Alteration("registration", "warning", text, "renamed", kept, place, several)


def named_at(project: Project, names: Iterable[str]) -> Iterator[Note]:
    """The places of PROJECT that name a task by one of NAMES."""
    wanted = frozenset(names)
    for entry in project.schedule:
        if entry.task in wanted:
            yield Note(f"{entry.described} still sends it", place_of(entry.task_location, project))
    for table in project.route_tables.values():
        for route in table.routes:
            if route.pattern in wanted and not route.is_regex:
                yield Note("a route still names it", place_of(route.location, project))
    for name, path, call in sent(project.files, project.evaluator):
        if name in wanted:
            yield Note("it is still sent", place_of(Location(path, call.span), project))


# arguments


def _signature(now: Subject, then: Subject) -> Iterator[Alteration]:
    new, old = parameters(now.task, now.project), parameters(then.task, then.project)
    if new is None or old is None:
        return
    place = now.place(now.task.location)
    for severity, text, consequence in _parameters(new, old):
        yield Alteration("callers", severity, text, text, consequence, place)


def _parameters(new: Parameters, old: Parameters) -> Iterator[tuple[Severity, str, str]]:
    """What is other in the parameters, how grave that is, and what it does to messages."""
    was, have = _by_name(old), _by_name(new)
    needed = [name for name, item in have.items() if name not in was and item.default is None]
    bare = [name for name, item in have.items() if name in was and item.default is None and was[name].default]
    gone = [name for name in was if name not in have] if not new.takes_any_name else []
    optional = [name for name, item in have.items() if name not in was and item.default is not None]
    if needed and len(needed) == len(gone) and _same_but_names(old, new):
        left = _listed(gone)
        fails = f"{_QUEUED} that name {left} fail with a TypeError; by position they still fit"
        yield "warning", f"{left} {_is(gone)} called {_listed(needed)} now", fails
        return
    if needed:
        fails = f"{_QUEUED} come without and fail with a TypeError; give a default until they are gone"
        yield "warning", f"{_listed(needed)} {_is(needed)} needed now", fails
    if bare:
        no_default = f"{_listed(bare)} {'have' if len(bare) > 1 else 'has'} no default any more"
        yield "warning", no_default, f"{_QUEUED} may come without and fail with a TypeError"
    if gone:
        them = "them" if len(gone) > 1 else "it"
        yield (
            "warning",
            f"{_listed(gone)} {_is(gone)} not taken any more",
            f"{_QUEUED} may bring {them} and fail with a TypeError",
        )
    moved = _moved(old, new)
    if moved:
        wrong = f"{_QUEUED} put their values by position into the wrong parameter, and nothing may fail at first"
        yield "warning", f"{_listed(moved)} {'stand' if len(moved) > 1 else 'stands'} at another position now", wrong
    if optional and not needed and not gone:
        fails = "workers that still run the old code fail on messages that bring it: deploy them before what sends it"
        yield "info", f"{_listed(optional)} can be given now", fails


def _by_name(takes: Parameters) -> dict[str, Parameter]:
    return {item.name: item for item in (*takes.plain, *takes.keyword_only)}


def _same_but_names(old: Parameters, new: Parameters) -> bool:
    """Whether the same number of parameters stand in the same order, some under another name."""
    if len(old.plain) != len(new.plain) or len(old.keyword_only) != len(new.keyword_only):
        return False
    kept = [(a.name, b.name) for a, b in zip(old.plain, new.plain, strict=True) if a.name != b.name]
    names = {name for name, _ in kept}
    return all(other not in names for _, other in kept)


def _moved(old: Parameters, new: Parameters) -> list[str]:
    """The parameters that both have, at another position: what is sent by position lands in the wrong one."""
    before, after = _positions(old.plain), _positions(new.plain)
    return [name for name in after if name in before and before[name] != after[name]]


def _positions(items: tuple[Parameter, ...]) -> dict[str, int]:
    return {item.name: position for position, item in enumerate(items)}


def _is(names: list[str]) -> str:
    return "are" if len(names) > 1 else "is"


def _listed(names: list[str]) -> str:
    return joined([f"`{name}`" for name in names])


# where it runs


def _queues(now: Subject, then: Subject) -> Iterator[Alteration]:
    new, old = _queue_names(now), _queue_names(then)
    if new is None or old is None or new == old:
        return
    come, left = sorted(new - old), sorted(old - new)
    text = f"to queue {_listed(come)} now" + (f", no more to {_listed(left)}" if left else " as well")
    if not come:
        text = f"no more to queue {_listed(left)}"
    by_name = {queue.name: queue for queue in now.picture.queues}
    nobody = [name for name in left if name not in by_name or by_name[name].consumed == "no"]
    starving = [name for name in come if by_name[name].consumed == "no"]
    severity: Severity = "info"
    consequence = None
    if starving:
        severity, consequence = "error", f"no worker consumes {_listed(starving)}: its messages wait there for ever"
    elif nobody and now.picture.workers:
        severity = "warning"
        consequence = (
            f"no worker consumes {_listed(nobody)} any more: what waits there stays; drain it before you deploy"
        )
    elif left:
        consequence = f"what waits in {_listed(left)} still runs on the workers of that queue"
    yield Alteration("runs on", severity, text, text, consequence, now.edges[0].place)


def _queue_names(subject: Subject) -> frozenset[str] | None:
    names = [subject.queue(edge.target).name for edge in ways_of(subject)]
    known = [name for name in names if name is not None]
    return frozenset(known) if known and len(known) == len(names) else None


def _pools(now: Subject, then: Subject) -> Iterator[Alteration]:
    new, old = now.project.pools_of(now.task), then.project.pools_of(then.task)
    if new and old and new != old:
        text = f"on {joined(sorted(new))} now, on {joined(sorted(old))} before"
        yield Alteration("runs on", "info", text, text)


# how it fails


def _limits(now: Subject, then: Subject) -> Iterator[Alteration]:
    for name in NAMES:
        new, old = limits_of(now, name), limits_of(then, name)
        if not all(isinstance(limit, Limit) for limit in (*new, *old)):
            continue
        after = joined(list(dict.fromkeys(limit_in_words(now, name, each) for each in new if isinstance(each, Limit))))
        before = joined(
            list(dict.fromkeys(limit_in_words(then, name, each) for each in old if isinstance(each, Limit)))
        )
        if after == before:
            continue
        if not after:
            lost = f"no {before.partition(' limit')[0]} time limit any more"
            yield Alteration("limits", "warning", f"{lost}; before: {before}", lost,
                             "a call that hangs keeps its pool slot", now.place(now.task.location))  # fmt: skip
        else:
            text = f"{after}, {before or 'none'} before"
            yield Alteration("limits", "info", text, f"{after} now")


def _enforcement(now: Subject, then: Subject) -> Iterator[Alteration]:
    idle = idle_limits(now)
    if idle is not None and idle_limits(then) is None:
        yield Alteration(
            "limits", "warning", idle, "no time limit in force any more",
            "a call that hangs keeps its pool slot", now.place(now.task.location),
        )  # fmt: skip


def _retries(now: Subject, then: Subject) -> Iterator[Alteration]:
    new, old = retries_in_words(now, with_places=False), retries_in_words(then, with_places=False)
    if new is None or old is None or new == old:
        return
    place, before = now.place(now.task.location), old.removesuffix(" retries")
    if new == "never retries":
        yield Alteration("retries", "warning", f"no retries any more; before: {old}", "no retries any more",
                         "the first failure is final", place)  # fmt: skip
    elif "for ever" in new and "for ever" not in old:
        yield Alteration("retries", "warning", f"now {new}; before: {before}", "now retries for ever",
                         "a message that cannot succeed comes back until somebody purges the queue", place)  # fmt: skip
    elif old == "never retries":
        yield Alteration("retries", "info", f"retries now: {new}", "retries now",
                         "what it does before it fails is done again with each retry", place)  # fmt: skip
    else:
        yield Alteration("retries", "info", f"now {new}; before: {old}", "retries in another way", None, place)


def _acknowledgement(now: Subject, then: Subject) -> Iterator[Alteration]:
    new, old = bool(late_at(now)), bool(late_at(then))
    if new and not old:
        yield Alteration(
            "acknowledgement", "warning", "acknowledged after the run now", "acknowledged late now",
            "a message may run it twice: it must bear that", now.place(late_at(now)[0]),
        )  # fmt: skip
    elif old and not new:
        yield Alteration(
            "acknowledgement", "warning", "acknowledged before the run now", "acknowledged early now",
            "a worker that dies loses the message", now.place(now.task.location),
        )  # fmt: skip


# the rest


def _schedule(now: Subject, then: Subject) -> Iterator[Alteration]:
    new = {entry.key or "": entry for entry in now.schedule}
    old = {entry.key or "": entry for entry in then.schedule}
    come, gone = [key for key in new if key not in old], [key for key in old if key not in new]
    if len(come) == len(gone) == 1:
        # The same entry by another name.
        old[come[0]] = old.pop(gone[0])
    for key, entry in new.items():
        named = f"`{key}`" if key else "an entry without a name"
        if key not in old:
            yield Alteration("schedule", "info", f"sent {meaning(entry)} ({named})", f"scheduled {meaning(entry)}",
                             None, entry.place)  # fmt: skip
        elif meaning(entry) != meaning(old[key]):
            text = f"sent {meaning(entry)} now, {meaning(old[key])} before ({named})"
            yield Alteration("schedule", "info", text, f"{meaning(entry)} now", None, entry.place)
    # One that sends another task now, or this one by its old name, is not gone.
    kept = {*new, *(entry.key or "" for entry in now.picture.schedule)}
    lost = [f"`{key}`" if key else "an entry without a name" for key in old if key not in kept]
    if lost and not now.schedule:
        yield Alteration(
            "schedule", "info", f"not scheduled any more: {joined(lost)} is gone", "not scheduled any more"
        )
    elif lost:
        yield Alteration("schedule", "info", f"not sent by {joined(lost)} any more", "one schedule entry less")


def _options(now: Subject, then: Subject) -> Iterator[Alteration]:
    new = {option.name: option for option in now.drawn.options if option.name not in TOLD}
    old = {option.name: option for option in then.drawn.options if option.name not in TOLD}
    for name in sorted({*new, *old}):
        after, before = new.get(name), old.get(name)
        if after is not None and before is not None and after.value == before.value:
            continue
        short = f"`{name}={after.value}` now" if after is not None else f"`{name}` is default now"
        text = f"{short}, {f'`{before.value}`' if before is not None else 'the default'} before"
        yield Alteration("declaration", "info", text, short, None, after.place if after is not None else None)
