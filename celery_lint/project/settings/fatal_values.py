"""Values of settings that Celery takes without a word, and fails with when it starts or sends.

All of this is reproduced on Celery 5.3 to 5.7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from celery_lint.facts.model import Items, Literal
from celery_lint.facts.model import Mapping as Dict
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.project import Project
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.remedy import Replacement

_NAMES = frozenset({"json", "pickle", "yaml", "msgpack"})
# Offsets and words that no database of time zones has a name for. (`EST`, `CET`, `GMT+0` are in it.)
_OFFSET = re.compile(r"^(?:UTC[+-]\d.*|[+-]\d{1,2}(?::?\d\d)?)$", re.IGNORECASE)
_NO_ZONES = frozenset({"utc", "gmt", "local", "PST", "PDT", "CST", "CDT", "EDT", "MDT", "IST", "BST", "CEST", "JST"})


class Fatal(Struct, frozen=True):
    """Why a value fails, as what follows the name of the setting; AT is what is wrong in it. EDITS, with their IMPORTS,
    mend it; none where it cannot be told what was meant."""

    why: str
    at: Placed
    edits: tuple[Replacement, ...] = ()
    imports: tuple[str, ...] = ()


def fatal(setting: WrittenSetting, project: Project) -> Fatal | None:
    """What surely fails with the value of SETTING; None when nothing does, or when that cannot be told."""
    judge = _JUDGES.get(setting.name or "")
    return judge(setting.value, project) if judge is not None else None


def _text(placed: Placed, project: Project) -> str | None:
    """The string that the code writes; what the environment gives is not judged."""
    known = project.evaluator.text(placed)
    return known.value if isinstance(known, Known) and not known.from_environment else None


def _shown(placed: Placed, project: Project) -> str | None:
    """What PLACED surely is, when it is no object: `a string`, `a dict`, …"""
    known = project.evaluator.scalar(placed)
    if isinstance(known, Known):
        if known.value is None and not isinstance(placed.value, Literal):  # the default of what is set later
            return None
        names = {str: "a string", bool: "a boolean", int: "a number", float: "a number", type(None): "None"}
        return names.get(type(known.value))
    match project.evaluator.follow(placed).value:
        case Dict():
            return "a dict"
        case Items(kind=kind):
            return f"a {kind}"
    return None


# queues


def _queues(value: Placed, project: Project) -> Fatal | None:
    """`task_queues = ["a", "b"]`: only `Queue` objects have a name; a dict may hold options as well."""
    followed = project.evaluator.follow(value)
    text = _text(followed, project)
    if text:
        return Fatal(f"is a string: {_STOPS}", value)
    if isinstance(followed.value, Dict):
        wrong = [entry for _, _, entry in project.evaluator.entries(followed) if _no_options(entry, project)]
        shown = _shown(wrong[0], project) if wrong else None
        return Fatal(f"gives a queue {shown} where its options belong: {_STOPS}", wrong[0]) if shown else None
    items = followed.value.items if isinstance(followed.value, Items) else ()
    placed = [followed.at(item) for item in items]
    wrong = [item for item in placed if _shown(item, project) is not None]
    if not wrong:
        return None
    edits = tuple(_as_queue(item, project) for item in wrong)
    mends = followed.value is value.value and all(_shown(item, project) == "a string" for item in wrong)
    mends = mends and isinstance(followed.value, Items) and followed.value.kind != "set"
    why = f"holds {_shown(wrong[0], project)} where a `Queue` belongs: {_STOPS}"
    return Fatal(why, wrong[0], edits, ("kombu:Queue",)) if mends else Fatal(why, wrong[0])


_STOPS = "the worker stops when it starts, and every `.delay()` raises an error"


def _no_options(placed: Placed, project: Project) -> bool:
    return _shown(placed, project) not in (None, "a dict")


def _as_queue(placed: Placed, project: Project) -> Replacement:
    old = project.files.data(placed.path)[placed.span.start : placed.span.end].decode("utf-8", "replace")
    return Replacement(placed.span, old, f"${{kombu:Queue}}({old})")


# routes


def _routes(value: Placed, project: Project) -> Fatal | None:
    """`[("feed.*", "a"), …]`: a list holds routers, and ordered pairs are one router; or a route that is nothing."""
    followed = project.evaluator.follow(value)
    if isinstance(followed.value, Dict):
        for _, _, entry in project.evaluator.entries(followed):
            shown = _shown(entry, project)
            if shown not in (None, "a string", "a dict", "a tuple"):
                return Fatal(f"gives a task {shown} for a route: sending that task raises a TypeError", entry)
        return None
    if not isinstance(followed.value, Items):
        return None
    for item in (project.evaluator.follow(followed.at(item)) for item in followed.value.items):
        first = item.value.items[0] if isinstance(item.value, Items) and item.value.items else None
        text = _text(item.at(first), project) if first is not None else None
        if text is not None and len(text) != 2:
            return Fatal(
                "is a list of pairs: Celery takes each pair for a router, and every `.delay()` raises ValueError; put "
                "the list into another one",
                item,
                _nested(followed, project) if followed.value is value.value else (),
            )
    return None


def _nested(placed: Placed, project: Project) -> tuple[Replacement, ...]:
    """Brackets around a list, or a tuple that has its own."""
    text = project.files.data(placed.path)[placed.span.start : placed.span.end].decode("utf-8", "replace")
    items = placed.value.items if isinstance(placed.value, Items) else ()
    are_pairs = all(isinstance(item, Items) and len(item.items) == 2 for item in items)
    return (Replacement(placed.span, text, f"[{text}]"),) if are_pairs and text[:1] in ("[", "(") else ()


# dicts


def _schedule(value: Placed, project: Project) -> Fatal | None:
    followed = project.evaluator.follow(value)
    if not isinstance(followed.value, Items) or not followed.value.items:
        return None
    return Fatal(f"is a {followed.value.kind}, no dict: beat stops with a TypeError when it starts", value)


def _transport(value: Placed, project: Project) -> Fatal | None:
    """Pairs make a dict as well, and an empty list is no option at all."""
    shown = _shown(value, project)
    followed = project.evaluator.follow(value).value
    items = followed.items if isinstance(followed, Items) else ()
    if shown in (None, "a dict") or (isinstance(followed, Items) and not any(isinstance(x, Literal) for x in items)):
        return None
    if shown == "a string" and not _text(value, project):
        return None
    return Fatal(f"is {shown}, no dict: workers, beat and every `.delay()` stop with an error", value)


# names


def _zone(value: Placed, project: Project) -> Fatal | None:
    name = _text(value, project)
    if not name or not _is_no_zone(name):
        return None
    return Fatal(f'is "{name}", which is no time zone: the worker stops when it starts', value)


def _is_no_zone(name: str) -> bool:
    """Whether no system knows the time zone NAME. What this one has counts only when it has the newer ones, too."""
    if name in _NO_ZONES or _OFFSET.match(name):
        return True
    return not _has_zone(name) and _has_zone("Europe/Kyiv") and "/" in name


def _has_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _accepted(value: Placed, project: Project) -> Fatal | None:
    """`accept_content = "json"`, or `("json")`: its letters are taken for names."""
    at = value.value
    if isinstance(at, Literal) and at.value is None:
        return Fatal("is None: the worker stops with a TypeError when it starts", value)
    name = _text(value, project)
    if not name:
        return None
    old = project.files.data(value.path)[at.span.start : at.span.end].decode("utf-8", "replace")
    edits = (Replacement(at.span, old, f"[{old}]"),) if isinstance(at, Literal) else ()
    return Fatal(f"is a string, no list: {_NO_SERIALIZER}", value, edits)


_NO_SERIALIZER = "the worker stops when it starts, and every `.delay()` raises SerializerNotInstalled"


def _serializer(value: Placed, project: Project) -> Fatal | None:
    name = _text(value, project)
    meant = "yaml" if name == "yml" else (name or "").lower()
    if name is None or name in _NAMES or meant not in _NAMES:
        return None
    at = value.value
    old = project.files.data(value.path)[at.span.start : at.span.end].decode("utf-8", "replace")
    edits = (Replacement(at.span, old, f'"{meant}"'),) if isinstance(at, Literal) else ()
    return Fatal(f'is "{name}", which is no serializer: sending a task raises SerializerNotInstalled', value, edits)


def _concurrency(value: Placed, project: Project) -> Fatal | None:
    """`worker_concurrency = "4"`: only Celery 5.7 makes a number of it, and knows "auto"."""
    text, release = _text(value, project), project.celery
    if text is None or not release.is_known or release.at_least("5.7"):
        return None
    at = value.value
    old = project.files.data(value.path)[at.span.start : at.span.end].decode("utf-8", "replace")
    edits = (
        (Replacement(at.span, old, str(int(text))),)
        if text.isdecimal() and len(text) < 20 and isinstance(at, Literal)
        else ()
    )
    return Fatal(f'is the string "{text}": the worker stops with a TypeError when it starts', value, edits)


_JUDGES: Mapping[str, Callable[[Placed, Project], Fatal | None]] = {
    "task_queues": _queues,
    "task_routes": _routes,
    "beat_schedule": _schedule,
    "broker_transport_options": _transport,
    "timezone": _zone,
    "accept_content": _accepted,
    "task_serializer": _serializer,
    "worker_concurrency": _concurrency,
}
