"""What becomes of a value on its way through a message: whether JSON can carry it."""

from __future__ import annotations

import re

from celery_lint.facts.model import (
    Assignment,
    Await,
    Call,
    Choice,
    Function,
    Items,
    Lambda,
    Literal,
    Mapping,
    Name,
    Opaque,
    Operation,
    Subscript,
    Value,
)  # fmt: skip
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import ClassRef, Internal
from celery_lint.project.code.values import Known, Placed, Unknown
from celery_lint.project.database.orm import model_kind
from celery_lint.project.messages.json_types import CARRIED, TUPLES, Fate, fate_of_class
from celery_lint.project.model import Task
from celery_lint.project.project import Project

__all__ = [
    "CARRIED",
    "HOLDERS",
    "Fate",
    "extends_json",
    "fate_of_annotation",
    "fate_of_class",
    "fate_of_value",
    "serializer_of",
]

_DEPTH = 8
# What holds other values: these are asked about instead.
HOLDERS = frozenset({
    "builtins.dict", "builtins.list", "typing.Dict", "typing.List", "typing.Sequence", "collections.abc.Sequence",
    "typing.Mapping", "collections.abc.Mapping", "collections.defaultdict", "collections.OrderedDict",
    "typing.Annotated", "typing.Final",
})  # fmt: skip
_EITHER = frozenset({"typing.Union", "typing.Optional"})
_QUERIES = frozenset({
    "all", "filter", "exclude", "order_by", "select_related", "prefetch_related", "values", "values_list", "annotate",
    "distinct", "only", "defer", "none", "union", "reverse", "using",
})  # fmt: skip
_ROWS = frozenset({"get", "create", "first", "last", "latest", "earliest"})
_CUSTOM = Pattern(
    rb"kombu\.utils\.json|kombu\.utils\s+import\s+json|\bregister_type\b|kombu(?:\.serialization| import serialization)"
)


def serializer_of(task: Task, project: Project) -> Known[str] | Unknown:
    """The serializer of the messages of TASK, when its caller names none."""
    option = task.option("serializer")
    if option is not None:
        return project.evaluator.text(option.value)
    if task.options_open or task.base_is_unknown:
        return Unknown("the options of the task cannot all be seen")
    apps = project.apps_of(task)
    if not apps:
        return Unknown("the application is not known")
    settings = [app.settings.get("task_serializer") for app in apps]
    pairs = zip(apps, settings, strict=True)
    if any(setting is None and project.may_set(app, "task_serializer") for app, setting in pairs):
        return Unknown("the settings cannot all be seen")
    known = [project.evaluator.text(setting.value) if setting is not None else Known("json") for setting in settings]
    return known[0] if all(each == known[0] for each in known) else Unknown("the applications differ")


def extends_json(project: Project) -> bool:
    """Whether the project teaches Kombu's JSON other types, or replaces it: then nothing is known to be refused."""
    return project.files.is_mentioned(_CUSTOM)


# annotations


def fate_of_annotation(annotation: Placed, project: Project, depth: int = 0) -> Fate | None:
    """What becomes of a value of the annotated type; None when that cannot be told. Of a union, the fate that all its
    members share (but for None)."""
    value = annotation.value
    if depth > _DEPTH:
        return None
    if isinstance(value, Operation) and value.operator == "|":
        sides = [value.left, value.right]
        return _together(
            [fate_of_annotation(annotation.at(side), project, depth + 1) for side in sides if not _is_none(side)]
        )
    if isinstance(value, Literal):
        return _quoted(annotation, value, project, depth)
    if isinstance(value, Subscript):
        return _generic(annotation, value.value, [value.index], project, depth)
    if isinstance(value, Opaque) and len(value.parts) > 1 and isinstance(value.parts[0], Name):
        members = [part.parts[0] for part in value.parts[1:] if isinstance(part, Opaque) and len(part.parts) == 1]
        return _generic(annotation, value.parts[0], members, project, depth)
    found = project.symbols.class_of(annotation.path, annotation.block, value)
    return fate_of_class(found, project) if found is not None else None


def _is_none(value: Value) -> bool:
    return isinstance(value, Literal) and value.value is None


def _quoted(annotation: Placed, value: Literal, project: Project, depth: int) -> Fate | None:
    """`"Order"`: a name of this file."""
    if value.value is None:
        return CARRIED
    name = value.value
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][\w.]*", name):
        return None
    ref = f"builtins.{name}" if name in ("set", "frozenset", "tuple", "list", "dict", "str", "int") else f"@{name}"
    return fate_of_annotation(annotation.at(Name(ref, value.span)), project, depth + 1)


def _generic(annotation: Placed, outer: Value, members: list[Value], project: Project, depth: int) -> Fate | None:
    name = project.symbols.external(annotation.path, outer)
    if name == "typing.Literal":
        return CARRIED
    fates = [
        fate_of_annotation(annotation.at(member), project, depth + 1) for member in members if not _is_none(member)
    ]
    if name in _EITHER:
        return _together(fates)
    if name in HOLDERS or name in TUPLES:
        refused = next((fate for fate in fates if fate is not None and fate.kind == "refused"), None)
        if refused is not None or name == "typing.Annotated":
            return refused or (fates[0] if fates else None)
    found = project.symbols.class_of(annotation.path, annotation.block, outer)
    return fate_of_class(found, project) if found is not None else None


def _together(fates: list[Fate | None]) -> Fate | None:
    """The fate of a value that may be of several types: one that all of them share in kind."""
    known = [fate for fate in fates if fate is not None]
    if len(known) < len(fates) or not known or len({fate.kind for fate in known}) > 1:
        return None
    return known[0]


# values


def fate_of_value(placed: Placed, project: Project, depth: int = 0) -> Fate | None:
    """What becomes of a value that the code writes down; None when that cannot be told.

    In a list or dict, one member that is refused is enough.
    """
    if depth > _DEPTH:
        return None
    several = _assigned(placed, project)
    if len(several) > 1:
        return _together([fate_of_value(each, project, depth + 1) for each in several])
    placed = project.evaluator.follow(placed)
    match placed.value:
        case Literal():
            return CARRIED
        case Lambda():
            return Fate("refused", "a lambda")
        case Items() | Mapping() | Opaque():
            return _of_display(placed, placed.value, project, depth)
        case Choice():
            sides = [placed.at(placed.value.body), placed.at(placed.value.orelse)]
            return _together([fate_of_value(side, project, depth + 1) for side in sides])
        case Call():
            return _of_call(placed, placed.value, project)
        case Name():
            return _of_name(placed, placed.value, project)
        case Await():
            return _of_type(placed, project)
    return None


def _assigned(placed: Placed, project: Project) -> list[Placed]:
    """What a local variable is assigned, when that is more than once."""
    value = placed.value
    if not isinstance(value, Name) or not value.ref.startswith("%") or "." in value.ref:
        return []
    found: list[Assignment] = project.symbols.assigned(placed.path, placed.block, value.ref)
    if len(found) < 2:
        return []
    values = [Placed(placed.path, each.block, each.value or Opaque()) for each in found if each.operator == "="]
    return values if len(values) == len(found) else [placed.at(Opaque()), placed.at(Opaque())]


def _of_display(placed: Placed, value: Items | Mapping | Opaque, project: Project, depth: int) -> Fate | None:
    if isinstance(value, Opaque):
        return _of_comprehension(placed, value, project)
    if isinstance(value, Mapping):
        return _of_members(placed, tuple(entry.value for entry in value.entries), project, depth)
    return Fate("refused", "a `set`") if value.kind == "set" else _of_items(placed, value, project, depth)


def _of_items(placed: Placed, value: Items, project: Project, depth: int) -> Fate | None:
    found = _of_members(placed, value.items, project, depth)
    if found is not None and found.kind == "refused":
        return found
    return Fate("changed", "a tuple", "a list") if value.kind == "tuple" else found


def _of_members(placed: Placed, members: tuple[Value, ...], project: Project, depth: int) -> Fate | None:
    fates = [fate_of_value(placed.at(member), project, depth + 1) for member in members]
    refused = next((fate for fate in fates if fate is not None and fate.kind == "refused"), None)
    return refused or (CARRIED if all(fate is not None for fate in fates) else None)


def _of_comprehension(placed: Placed, value: Opaque, project: Project) -> Fate | None:
    """`{x for x in y}`; one of a dict has a key and a value in front of its `for`."""
    data = project.files.data(placed.path)
    is_set = (
        len(value.parts) == 2
        and isinstance(value.parts[1], Opaque)
        and data[value.span.start : value.span.start + 1] == b"{"
    )
    return Fate("refused", "a `set`") if is_set else None


def _of_call(placed: Placed, call: Call, project: Project) -> Fate | None:
    query = _of_query(placed, call, project)
    if query is not None:
        return query
    function = project.symbols.function(placed.path, placed.block, call.callee)
    if function is not None:
        fact = project.symbols.fact(function)
        if fact.is_generator:
            return Fate("refused", "a generator")
        if fact.is_async:
            return Fate("refused", "a coroutine")
        if fact.returns is not None:
            return fate_of_annotation(Placed(function.path, fact.outer, fact.returns), project)
    made = project.symbols.class_of(placed.path, placed.block, call.callee)
    return fate_of_class(made, project) if made is not None else None


def _of_query(placed: Placed, call: Call, project: Project) -> Fate | None:
    """`Order.objects.filter(…)`, `Order.objects.get(…)`."""
    if not isinstance(call.callee, Name):
        return None
    target = project.symbols.target(placed.path, call.callee.ref)
    if not isinstance(target, Internal) or len(target.rest) != 2 or target.rest[0] != "objects":
        return None
    owner = project.symbols.class_of(
        placed.path, placed.block, Name(call.callee.ref.removesuffix(f".{'.'.join(target.rest)}"))
    )
    if not isinstance(owner, ClassRef) or model_kind(owner, project.symbols) != "Django model":
        return None
    name = project.symbols.class_fact(owner).name
    if target.rest[1] in _ROWS:
        return Fate("refused", f"the Django model `{name}`")
    return Fate("refused", f"a queryset of `{name}`") if target.rest[1] in _QUERIES else None


def _of_name(placed: Placed, name: Name, project: Project) -> Fate | None:
    """A function, a class, or something whose class is known."""
    target = project.symbols.target(placed.path, name.ref)
    if isinstance(target, Internal) and isinstance(target.fact, Function) and not target.rest:
        return Fate("refused", f"the function `{target.fact.name}`")
    made = project.symbols.class_of(placed.path, placed.block, name)
    if isinstance(made, ClassRef):
        return Fate("refused", f"the class `{project.symbols.class_fact(made).name}`")
    return _of_parameter(placed, name, project)


def _of_parameter(placed: Placed, name: Name, project: Project) -> Fate | None:
    """A parameter by its annotation, when nothing else is assigned to it."""
    if not name.ref.startswith("%") or "." in name.ref or project.symbols.assigned(placed.path, placed.block, name.ref):
        return _of_type(placed, project) if "." in name.ref else None
    index = project.index(placed.path)
    function = index.function_at(placed.block)
    for parameter in function.parameters if function is not None else ():
        if f"%{parameter.name}" == name.ref and not parameter.star and parameter.annotation is not None:
            return fate_of_annotation(Placed(placed.path, placed.block, parameter.annotation), project)
    return None


def _of_type(placed: Placed, project: Project) -> Fate | None:
    made = project.symbols.type_of(placed.path, placed.block, placed.value)
    return fate_of_class(made, project) if made is not None else None
