"""What becomes of the task when something fails: time limits, retries, acknowledgement, a second run."""

from __future__ import annotations

from celery_lint.facts.model import Name, Value
from celery_lint.finding import Location
from celery_lint.project.code.values import Known, Placed, Unknown
from celery_lint.project.project import Project
from celery_lint.project.tasks.acknowledging import acks_late, visibility
from celery_lint.project.tasks.limits import NAMES, Limit, LimitName, is_enforced, limit_of
from celery_lint.project.tasks.options import Given, option_of
from celery_lint.project.tasks.retrying import autoretries, may_retry, most_retries
from celery_lint.views.drawing.canvas import shortened
from celery_lint.views.review.model import State
from celery_lint.views.review.rows.running import pools_in_words
from celery_lint.views.review.subject import Draft, Subject
from celery_lint.views.words import duration, joined

_WORDS: dict[LimitName, str] = {"time_limit": "hard", "soft_time_limit": "soft"}
_SOURCES = {
    "annotation": "`task_annotations`",
    "option": "its own option",
    "base": "its base class",
    "worker": "the worker's command",
}
_SENDS = frozenset({"post", "put", "patch", "delete", "send", "sendmail", "send_message"})
_MANY = 3
NEVER = "never retries"


def limits(subject: Subject) -> Draft:
    """The time limits in force, and whether the pool enforces them."""
    parts, doubts, places = list[str](), list[str](), list[Location]()
    for name in NAMES:
        found = limits_of(subject, name)
        known = [limit for limit in found if isinstance(limit, Limit)]
        doubts += [limit.why for limit in found if isinstance(limit, Unknown)]
        if known:
            parts.append(limit_in_words(subject, name, known[0]) + _enforcement(subject, name))
            places += [limit.origin for limit in known]
            doubts += _doubt(subject, name)
    why = "; ".join(dict.fromkeys(doubts)) or None
    if not parts:
        text = "no time limit is seen" if doubts else "no time limit"
        return Draft("limits", "unknown" if doubts else "not applicable", text, why)
    state: State = "unknown" if doubts else "failed" if idle_limits(subject) else "passed"
    return Draft("limits", state, "; ".join(parts), why, tuple(places))


def idle_limits(subject: Subject) -> str | None:
    """What to say of limits that no pool of the task enforces; None when one is enforced, or may be."""
    names = [name for name in NAMES if any(isinstance(limit, Limit) for limit in limits_of(subject, name))]
    if not names or any(is_enforced(subject.task, name, subject.project) is not False for name in names):
        return None
    return f"no time limit in force: {pools_in_words(subject.project, subject)} ignores it"


def limits_of(subject: Subject, name: LimitName) -> list[Limit | Unknown]:
    """What limits the task in the applications that run it."""
    apps = subject.project.apps_of(subject.task) or (None,)
    found = [limit_of(subject.task, app, name, subject.project) for app in apps]
    return [limit for limit in found if limit is not None]


def limit_in_words(subject: Subject, name: LimitName, limit: Limit) -> str:
    """``hard limit 15 min (`task_time_limit`)``"""
    source = f"`task_{name}`" if limit.source == "setting" else _SOURCES[limit.source]
    return f"{_WORDS[name]} limit {_value(subject, limit)} ({source})"


def _value(subject: Subject, limit: Limit) -> str:
    """What LIMIT is; as it is written where that cannot be told."""
    if isinstance(limit.seconds, Known):
        return duration(limit.seconds.value)
    if limit.value is None:
        return "that is computed"
    text = subject.project.source(limit.value.path).text(limit.value.span)
    return f"`{shortened(' '.join(text.split()))}`"


def _enforcement(subject: Subject, name: LimitName) -> str:
    """Whether the pool enforces the limit NAME, behind what it is."""
    is_known = is_enforced(subject.task, name, subject.project)
    pools = pools_in_words(subject.project, subject)
    return {True: f", enforced by {pools}", False: f", ignored by {pools}", None: ""}[is_known]


def _doubt(subject: Subject, name: LimitName) -> list[str]:
    if is_enforced(subject.task, name, subject.project) is not None:
        return []
    return ["which pools run it is not known: prefork enforces limits, gevent the hard one, others none"]


def retries(subject: Subject) -> Draft:
    """How often the task is tried again, and when."""
    text = retries_in_words(subject)
    if text is None:
        return Draft("retries", "unknown", "whether it retries", "it goes through code that cannot be followed")
    own = [retry.location for retry in subject.project.retry_calls if retry.task is subject.task]
    options = [option.location for name, option in subject.task.options.items() if "retr" in name]
    return Draft("retries", "not applicable" if text == NEVER else "passed", text, places=(*own, *options))


def retries_in_words(subject: Subject, *, with_places: bool = True) -> str | None:
    """``at most 3 retries, automatic on `ConnectionError` ``; None when that cannot be told."""
    task, project = subject.task, subject.project
    automatic = autoretries(task, project)
    calls = [retry for retry in project.retry_calls if retry.task is task]
    if automatic is None and not calls:
        return None if may_retry(task, project) else NEVER
    if isinstance(automatic, Unknown) and not calls:
        return None
    how = []
    if isinstance(automatic, Given):
        how.append(f"automatic on {_exceptions(automatic.value, project)}{_pause(subject)}")
    if calls:
        how.append("by `retry()`" + (f" at {subject.at(calls[0].location)}" if with_places else ""))
    return f"{_how_often(subject, [bool(retry.call.argument(None, 'max_retries')) for retry in calls])}, {joined(how)}"


def _how_often(subject: Subject, own: list[bool]) -> str:
    given = option_of(subject.task, "max_retries", subject.project)
    if own and all(own):
        return "retries as often as the call says"
    most = most_retries(subject.task, subject.project)
    if most is not None:
        return f"at most {most} retr{'y' if most == 1 else 'ies'}"
    if isinstance(given, Given) and subject.project.evaluator.scalar(given.value) == Known(None):
        return "retries for ever"
    return "retries some times"


def _exceptions(placed: Placed, project: Project) -> str:
    value = project.evaluator.follow(placed).value
    items = getattr(value, "items", (value,))
    names = [f"`{name}`" for item in items if (name := _named(item)) is not None]
    if len(names) < len(items) or not names:
        return "some exceptions"
    return joined([*names[:_MANY], *([f"{len(names) - _MANY} others"] if len(names) > _MANY else [])])


def _named(value: Value) -> str | None:
    return value.ref.lstrip("@%*.").removeprefix("builtins.").rpartition(".")[2] if isinstance(value, Name) else None


def _pause(subject: Subject) -> str:
    backoff = option_of(subject.task, "retry_backoff", subject.project)
    if isinstance(backoff, Given):
        known = subject.project.evaluator.scalar(backoff.value)
        if isinstance(known, Known) and known.value:
            return " with backoff"
    delay = option_of(subject.task, "default_retry_delay", subject.project)
    if isinstance(delay, Given):
        seconds = subject.project.evaluator.scalar(delay.value)
        return (
            f" after {duration(seconds.value)}"
            if isinstance(seconds, Known) and isinstance(seconds.value, int | float)
            else ""
        )
    return " after 180 s" if delay is None and backoff is None else ""


def acknowledgement(subject: Subject) -> Draft:
    """When the broker is told that the message is done."""
    task, project = subject.task, subject.project
    late = late_at(subject)
    if late:
        lost = any(
            option_of(task, name, project) is not None for name in ("reject_on_worker_lost", "retry_on_worker_lost")
        )
        text = "acknowledged after it has run" + (", and sent again when its process is lost" if lost else "")
        return Draft("acknowledgement", "passed", text, places=tuple(late))
    option = option_of(task, "acks_late", project)
    if isinstance(option, Unknown) or any(project.may_set(app, "task_acks_late") for app in project.apps_of(task)):
        is_off = isinstance(option, Given) and project.evaluator.scalar(option.value) == Known(False)
        settings = [app.settings.get("task_acks_late") for app in project.apps_of(task)]
        off = settings and all(
            each is not None and project.evaluator.scalar(each.value) == Known(False) for each in settings
        )
        if not is_off and not off:
            why = option.why if isinstance(option, Unknown) else "`task_acks_late` may be set where it cannot be seen"
            return Draft("acknowledgement", "unknown", "whether it is acknowledged before or after it runs", why)
    return Draft("acknowledgement", "passed", "acknowledged before it runs: a crash of the worker loses the message")


def late_at(subject: Subject) -> list[Location]:
    """Where it is said that the task is acknowledged late."""
    found = [acks_late(subject.task, app, subject.project) for app in subject.project.apps_of(subject.task)]
    return [place for place in found if place is not None]


def runs_twice(subject: Subject) -> Draft:
    """Whether one message may run the task more than once, and what a second run would repeat."""
    causes = _causes(subject)
    if not causes:
        return Draft("runs twice", "not applicable", "nothing seen runs it twice for one message")
    effects = list(dict.fromkeys(_effects(subject)))
    because = f"may run more than once ({joined(causes)})"
    if not effects:
        return Draft("runs twice", "passed", f"{because}; no request or message is seen that it would repeat")
    rest = len(effects) - _MANY
    shown = joined([*effects[:_MANY], *([f"{rest} more"] if rest > 0 else [])])
    why = "whether that does harm only its author can say"
    return Draft("runs twice", "unknown", f"{because}; a second run repeats {shown}", why)


def _causes(subject: Subject) -> list[str]:
    project = subject.project
    found = ["`acks_late`"] if late_at(subject) else []
    text = retries_in_words(subject)
    if text is not None and text != NEVER:
        found.append("retries")
    if late_at(subject) and any(visibility(app, project) is not None for app in project.apps_of(subject.task)):
        found.append("the broker sends again what is not acknowledged in time")
    return found


def _effects(subject: Subject) -> list[str]:
    project, code = subject.project, frozenset(subject.code)
    found = [
        f"`{call.task.name}` ({subject.at(call.location)})"
        for call in project.calls
        if call.sends and call.function in code and call.task is not subject.task
    ]
    for function in subject.code:
        for outgoing in project.network.of(function):
            if outgoing.name.rpartition(".")[2].lower() in _SENDS:
                found.append(f"`{outgoing.name}` ({subject.at(outgoing.location)})")
    return found
