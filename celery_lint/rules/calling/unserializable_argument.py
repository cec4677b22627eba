"""CEL605: objects that a message cannot carry."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Await, Call, Items, Name, Subscript, Value
from celery_lint.finding import Finding, Location, Related, Span
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.code.placed import Known, Unknown
from celery_lint.project.messages.payload import Cargo, Payload
from celery_lint.project.messages.serializable import extends_json
from celery_lint.project.messages.serializers import sends_in_its_own_way, serializer
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, INFO, WARNING, rule

# Serializers that know what JSON knows, and a little more.
_PLAIN = frozenset({"json", "yaml", "msgpack"})
_DELETIONS = frozenset({"django.db.models.signals.post_delete", "django.db.models.signals.pre_delete"})


@rule("CEL605", "unserializable-argument", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A task is given an object that its message cannot carry."""
    payload = Payload(project) if project.calls else None
    for call in project.calls:
        if payload is None or call.method == "apply" or sends_in_its_own_way(call.task, project):
            continue
        used = serializer(call, project)
        if isinstance(used, Unknown):
            continue
        for cargo in payload.refused(call):
            if _is_refused(cargo, used.value, call, project):
                yield _finding(cargo, used.value, call, project)


def _is_refused(cargo: Cargo, used: str, call: TaskCall, project: Project) -> bool:
    if cargo.pydantic and _takes_models(call, project):
        return False
    if used == "json":
        return not extends_json(project)
    # Pickle carries rows: as they are now. Of the others nothing more is known than that they carry plain data.
    return cargo.stored is not None and (used in _PLAIN or "pickle" in used)


def _takes_models(call: TaskCall, project: Project) -> bool:
    option = call.task.option("pydantic")
    return option is not None and project.evaluator.scalar(option.value) != Known(False)


def _finding(cargo: Cargo, used: str, call: TaskCall, project: Project) -> Finding:
    place = Location(cargo.at.path, cargo.at.span)
    shown = _shown(cargo, project)
    related = [Related(call.task.location, f"task `{call.task.name}`")]
    origin = cargo.stored.origin if cargo.stored is not None else None
    if origin is not None and origin != place:
        related.append(Related(origin, "it comes from here"))
    better = _better(cargo, shown)
    is_stale, is_deleted = "pickle" in used, _is_deleted(cargo, project)
    if is_deleted:
        better = f"{better.partition(' and load it')[0]} and what else it needs: the row is gone when the task runs"
    said = _gone(shown, cargo, better) if is_deleted else _stale(shown, cargo, better)
    return check.finding(
        said if is_stale else _refused(shown, cargo, call, used, better),
        place,
        call.task.entity,
        related=tuple(related),
        remedy=_remedy(cargo, call, project),
        severity=(INFO if is_deleted else WARNING) if is_stale else None,
    )


def _stale(shown: str, cargo: Cargo, better: str) -> str:
    return (
        f"`{shown}` is {cargo.what}, and pickle sends it as it is now: the task works on an old copy, and saving that "
        f"undoes what has changed since{better}"
    )


def _gone(shown: str, cargo: Cargo, better: str) -> str:
    return f"`{shown}` is {cargo.what} that is being deleted, and pickle sends all of it{better}"


def _is_deleted(cargo: Cargo, project: Project) -> bool:
    """Whether the object is what a handler of `post_delete` or `pre_delete` was given."""
    name = cargo.at.value.ref if isinstance(cargo.at.value, Name) else ""
    index = project.index(cargo.at.path)
    function = index.function_at(cargo.at.block)
    if function is None or not any(name == f"%{parameter.name}" for parameter in function.parameters):
        return False
    return any(_receives_deletion(each, cargo.at.path, project) for each in function.decorators)


def _receives_deletion(decorator: Value, path: str, project: Project) -> bool:
    """`@receiver(post_delete, sender=Order)`."""
    if not isinstance(decorator, Call) or not decorator.arguments:
        return False
    signal = decorator.arguments[0].value
    signals = signal.items if isinstance(signal, Items) else (signal,)
    return all(project.symbols.external(path, each) in _DELETIONS for each in signals)


def _refused(shown: str, cargo: Cargo, call: TaskCall, used: str, better: str) -> str:
    name = {"json": "JSON", "yaml": "YAML"}.get(used, used)
    when = "sending the signature" if call.signs else f"`.{call.method}`"
    return f"`{shown}` is {cargo.what}, which {name} cannot carry: {when} raises EncodeError when this runs{better}"


def _better(cargo: Cargo, shown: str) -> str:
    if cargo.stored is not None:
        if cargo.stored.shape == "instance":
            key = cargo.stored.model.key
            return (
                f"; pass `{shown}.{key}` and load it in the task" if key else "; pass its key and load it in the task"
            )
        return "; pass the keys and load them in the task"
    if "{}" in (cargo.instead or "") and cargo.instead is not None:
        return f"; pass `{cargo.instead.format(shown)}`"
    return "; pass plain data, a path or a key"


def _shown(cargo: Cargo, project: Project) -> str:
    """The expression as it is written, cut short."""
    text = _text(cargo, project)
    return text if len(text) <= 40 and "\n" not in text else f"{text[:30].partition(chr(10))[0].rstrip()}…"


def _text(cargo: Cargo, project: Project) -> str:
    span = cargo.at.span
    return project.files.data(cargo.at.path)[span.start : span.end].decode("utf-8", "replace")


def _remedy(cargo: Cargo, call: TaskCall, project: Project) -> EditCode | None:
    """What carries the same, in the place of the object; only where both are written in the call."""
    span = cargo.at.span
    inside = cargo.at.path == call.path and call.call.span.start <= span.start and span.end <= call.call.span.end
    if cargo.instead is None or not inside or not isinstance(cargo.at.value, Name | Call | Subscript | Await):
        return None
    text = _text(cargo, project)
    if isinstance(cargo.at.value, Await) and not cargo.instead.startswith("list("):
        return None
    if cargo.instead.startswith("{}"):
        added = Replacement(Span(span.end, span.end), "", cargo.instead.removeprefix("{}"))
        return EditCode(cargo.at.path, f"Pass `{cargo.instead.format(text)}`", (added,))
    changed = Replacement(span, text, cargo.instead.format(text))
    return EditCode(cargo.at.path, f"Pass `{changed.new}`", (changed,))
