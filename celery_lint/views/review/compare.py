"""What a change makes of a task: where it runs, how it is sent, how it fails."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Parameter
from celery_lint.project.calls.arguments import Parameters, parameters
from celery_lint.project.tasks.limits import NAMES, Limit
from celery_lint.views.model import Severity
from celery_lint.views.review.model import Alteration
from celery_lint.views.review.rows.failing import late_at, limit_in_words, limits_of, retries_in_words
from celery_lint.views.review.rows.running import where
from celery_lint.views.review.subject import Subject
from celery_lint.views.words import joined

_QUEUED = "messages that are queued already, or sent by code that is not deployed yet,"
# These are compared in words of their own.
_SAID = frozenset({
    "queue", "max_retries", "autoretry_for", "retry_backoff", "retry_backoff_max", "retry_jitter", "retry_kwargs",
    "default_retry_delay", "acks_late", "reject_on_worker_lost", "retry_on_worker_lost", "time_limit",
    "soft_time_limit", "name", "bind", "base", "shared", "run",
})  # fmt: skip


def introduced(now: Subject) -> Iterator[Alteration]:
    """What there is to say of a task that there was not."""
    parts = list(dict.fromkeys(where(now, edge) for edge in now.edges))
    text = f"new task: {'; '.join(parts)}" if parts else "new task"
    yield Alteration("runs on", "info", text, text)


def alterations(now: Subject, then: Subject) -> Iterator[Alteration]:
    """What is other NOW than THEN."""
    yield from _renamed(now, then)
    yield from _signature(now, then)
    yield from _queues(now, then)
    yield from _pools(now, then)
    yield from _limits(now, then)
    yield from _retries(now, then)
    yield from _acknowledgement(now, then)
    yield from _schedule(now, then)
    yield from _options(now, then)


def _renamed(now: Subject, then: Subject) -> Iterator[Alteration]:
    old, new = then.task.name, now.task.name
    if old != new and then.task.names and now.task.names:
        why = "" if now.task.explicit_name else ": its name follows its module"
        yield Alteration(
            "registration",
            "warning",
            f"was named `{old}` before{why}",
            "renamed",
            f"{_QUEUED} under the old name are discarded as unregistered; keep a task of that name until they are gone",
            now.place(now.task.location),
        )


# arguments


def _signature(now: Subject, then: Subject) -> Iterator[Alteration]:
    new, old = parameters(now.task, now.project), parameters(then.task, then.project)
    if new is None or old is None:
        return
    place = now.place(now.task.location)
    was = {item.name: item for item in (*old.plain, *old.keyword_only)}
    have = {item.name: item for item in (*new.plain, *new.keyword_only)}
    needed = [name for name, item in have.items() if name not in was and item.default is None]
    sharpened = [name for name, item in have.items() if name in was and item.default is None and was[name].default]
    gone = [name for name in was if name not in have] if not new.takes_any_name else []
    if needed and len(needed) == len(gone) and _same_but_names(old, new):
        renamed = joined([f"`{name}`" for name in gone]), joined([f"`{name}`" for name in needed])
        text = f"takes {renamed[1]} where it took {renamed[0]}"
        yield Alteration("callers", "warning", text, text,
                         f"{_QUEUED} that name {renamed[0]} fail with a TypeError; by position they still fit", place)  # fmt: skip
        return
    if needed:
        text = f"needs {_listed(needed)} now"
        yield Alteration("callers", "warning", text, text,
                         f"{_QUEUED} come without and fail with a TypeError; give a default until they are gone", place)  # fmt: skip
    if sharpened:
        text = f"{_listed(sharpened)} {'have' if len(sharpened) > 1 else 'has'} no default any more"
        yield Alteration("callers", "warning", text, text,
                         f"{_QUEUED} may come without and fail with a TypeError", place)  # fmt: skip
    if gone:
        text = f"takes {_listed(gone)} no more"
        yield Alteration("callers", "warning", text, text,
                         f"{_QUEUED} may bring {'them' if len(gone) > 1 else 'it'} and fail with a TypeError", place)  # fmt: skip
    yield from _order(old, new, place_now=now)
    optional = [name for name, item in have.items() if name not in was and item.default is not None]
    if optional and not needed and not gone:
        text = f"can be given {_listed(optional)} now"
        yield Alteration("callers", "info", text, text,
                         "workers that still run the old code fail on messages with it: deploy them before what sends it",
                         place)  # fmt: skip


def _same_but_names(old: Parameters, new: Parameters) -> bool:
    """Whether the same number of parameters stand in the same order, some under another name."""
    if len(old.plain) != len(new.plain) or len(old.keyword_only) != len(new.keyword_only):
        return False
    kept = [(a.name, b.name) for a, b in zip(old.plain, new.plain, strict=True) if a.name != b.name]
    names = {name for name, _ in kept}
    return all(other not in names for _, other in kept)


def _order(old: Parameters, new: Parameters, *, place_now: Subject) -> Iterator[Alteration]:
    """Parameters that both have, in another order: what is sent by position lands in the wrong one."""
    common = {item.name for item in old.plain} & {item.name for item in new.plain}
    before, after = _positions(old.plain), _positions(new.plain)
    moved = [name for name in after if name in common and before[name] != after[name]]
    if moved:
        text = f"{_listed(moved)} {'stand' if len(moved) > 1 else 'stands'} at another position now"
        yield Alteration(
            "callers", "warning", text, "parameters moved",
            f"{_QUEUED} put their values by position into the wrong parameter, and nothing fails at first",
            place_now.place(place_now.task.location),
        )  # fmt: skip


def _positions(items: tuple[Parameter, ...]) -> dict[str, int]:
    return {item.name: position for position, item in enumerate(items)}


def _listed(names: list[str]) -> str:
    return joined([f"`{name}`" for name in names])


# where it runs


def _queues(now: Subject, then: Subject) -> Iterator[Alteration]:
    new, old = _queue_names(now), _queue_names(then)
    if new is None or old is None or new == old:
        return
    come, left = sorted(new - old), sorted(old - new)
    text = f"goes to queue {_listed(come or sorted(new))}" + (f", no more to {_listed(left)}" if left else " as well")
    if not come:
        text = f"goes to queue {_listed(left)} no more"
    by_name = {queue.name: queue for queue in now.picture.queues}
    nobody = [name for name in left if name not in by_name or by_name[name].consumed == "no"]
    starving = [name for name in come if by_name[name].consumed == "no"]
    severity: Severity = "info"
    consequence = None
    if starving:
        severity, consequence = "error", f"no worker consumes {_listed(starving)}: its messages wait there for ever"
    elif nobody and now.picture.workers:
        severity = "warning"
        consequence = f"no worker consumes {_listed(nobody)} any more: what waits there stays; drain it before you deploy"
    elif left:
        consequence = f"what waits in {_listed(left)} still runs on the workers of that queue"
    yield Alteration("runs on", severity, text, text, consequence, now.edges[0].place)


def _queue_names(subject: Subject) -> frozenset[str] | None:
    names = [subject.queue(edge.target).name for edge in subject.edges]
    known = [name for name in names if name is not None]
    return frozenset(known) if known and len(known) == len(names) else None


def _pools(now: Subject, then: Subject) -> Iterator[Alteration]:
    new, old = now.project.pools_of(now.task), then.project.pools_of(then.task)
    if new and old and new != old:
        text = f"runs on {joined(sorted(new))} now, on {joined(sorted(old))} before"
        yield Alteration("runs on", "info", text, text)


# how it fails


def _limits(now: Subject, then: Subject) -> Iterator[Alteration]:
    for name in NAMES:
        new, old = limits_of(now, name), limits_of(then, name)
        if not all(isinstance(limit, Limit) for limit in (*new, *old)):
            continue
        after = joined(list(dict.fromkeys(limit_in_words(name, each) for each in new if isinstance(each, Limit))))
        before = joined(list(dict.fromkeys(limit_in_words(name, each) for each in old if isinstance(each, Limit))))
        if after == before:
            continue
        if not after:
            lost = f"has no {before.partition(' limit')[0]} time limit any more"
            yield Alteration("limits", "warning", f"{lost}; it was {before}", lost,
                             "a call that hangs keeps its pool slot", now.place(now.task.location))  # fmt: skip
        else:
            text = f"{after}, {'none' if not before else before} before"
            yield Alteration("limits", "info", text, f"{after} now")


def _retries(now: Subject, then: Subject) -> Iterator[Alteration]:
    new, old = retries_in_words(now, with_places=False), retries_in_words(then, with_places=False)
    if new is None or old is None or new == old:
        return
    place = now.place(now.task.location)
    if new == "never retries":
        yield Alteration("retries", "warning", f"does not retry any more; before: {old}", "no retries any more",
                         "the first failure is final", place)  # fmt: skip
    elif "for ever" in new and "for ever" not in old:
        yield Alteration("retries", "warning", f"now {new}; before: {old}", "now retries for ever",
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
            "acknowledgement", "warning", "is acknowledged after it has run now", "acknowledged late now",
            "a message may run it twice: it must bear that", now.place(late_at(now)[0]),
        )  # fmt: skip
    elif old and not new:
        yield Alteration(
            "acknowledgement", "warning", "is acknowledged before it runs now", "acknowledged early now",
            "a worker that dies loses the message", now.place(now.task.location),
        )  # fmt: skip


# the rest


def _schedule(now: Subject, then: Subject) -> Iterator[Alteration]:
    new = {entry.key or "": entry for entry in now.schedule}
    old = {entry.key or "": entry for entry in then.schedule}
    for key, entry in new.items():
        named = f"`{key}`" if key else "an entry without a name"
        if key not in old:
            yield Alteration("schedule", "info", f"is sent {entry.meaning} ({named})", f"scheduled {entry.meaning}",
                             None, entry.place)  # fmt: skip
        elif entry.meaning != old[key].meaning:
            text = f"is sent {entry.meaning} now, {old[key].meaning} before ({named})"
            yield Alteration("schedule", "info", text, f"{entry.meaning} now", None, entry.place)
    lost = [f"`{key}`" if key else "an entry without a name" for key in old if key not in new]
    if lost and not now.schedule:
        yield Alteration("schedule", "info", f"is not scheduled any more: {joined(lost)} is gone", "not scheduled any more")
    elif lost:
        yield Alteration("schedule", "info", f"is not sent by {joined(lost)} any more", "one schedule entry less")


def _options(now: Subject, then: Subject) -> Iterator[Alteration]:
    new = {option.name: option for option in now.drawn.options if option.name not in _SAID}
    old = {option.name: option for option in then.drawn.options if option.name not in _SAID}
    for name in sorted({*new, *old}):
        after, before = new.get(name), old.get(name)
        if after is not None and before is not None and after.value == before.value:
            continue
        short = f"`{name}={after.value}` now" if after is not None else f"`{name}` is default now"
        text = f"{short}, {f'`{before.value}`' if before is not None else 'the default'} before"
        yield Alteration("declaration", "info", text, short, None, after.place if after is not None else None)
