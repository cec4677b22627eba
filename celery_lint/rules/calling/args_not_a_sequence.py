"""CEL604: one value where the list of arguments belongs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.model import Argument, Call, Items, Literal, Mapping, Name, Subscript, Text, Value
from celery_lint.finding import Applicability, Finding, Location, Related, Span
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.settled import settled
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Remedy, Replacement
from celery_lint.rule import ERROR, HIGH, rule

# Calls of these make one value and no sequence of arguments.
_SCALARS = frozenset({
    "builtins.str", "builtins.int", "builtins.float", "builtins.bool", "builtins.len", "builtins.repr", "uuid.uuid4",
    "json.dumps",
})  # fmt: skip
_IDENTIFIER = re.compile(r"(?:^|_)(?:id|pk|uuid)$")


@rule("CEL604", "args-not-a-sequence", since="0.1", severity=ERROR, confidence=HIGH, fix="safe / unsafe")
def check(call: TaskCall, project: Project) -> Iterator[Finding]:
    """The arguments of a task are one value instead of a tuple or list."""
    if call.method == "apply":
        return
    args, kwargs = (_argument(call, placed) for placed in (call.args_at, call.kwargs_at))
    if kwargs is not None and _is_no_mapping(kwargs.value):
        yield check.finding(
            f"the `kwargs` of this `.{call.method}()` are no dict: it raises a TypeError; the first argument is the "
            "tuple of all arguments by position",
            Location(call.path, kwargs.span),
            call.task.entity,
            related=(Related(call.task.location, "the task"),),
        )
    elif args is not None and call.args_at is not None and _is_one_value(args, call.args_at, project):
        yield _finding(call, args, project)


def _argument(call: TaskCall, placed: Placed | None) -> Argument | None:
    return next((each for each in call.call.arguments if placed is not None and each.value is placed.value), None)


def _is_one_value(argument: Argument, args: Placed, project: Project) -> bool:
    value = args.value
    if _is_scalar(value, args.path, project) or _is_mapping_or_set(value):
        return True
    held = settled(args, project.evaluator)
    if held is not None and held.value is not value:
        return _is_scalar(held.value, held.path, project)
    name = _last(value)
    if name is None:
        return False
    # `(names)` may be a list in spare parentheses; `(name)` has lost its comma.
    return _IDENTIFIER.search(name) is not None or (
        _has_parentheses(argument, args, project) and not name.endswith("s")
    )


def _is_scalar(value: Value, path: str, project: Project) -> bool:
    match value:
        case Literal(value=known):
            return bool(known)
        case Text():
            return True
        case Call():
            return project.symbols.external(path, value.callee) in _SCALARS
    return False


def _is_mapping_or_set(value: Value) -> bool:
    return (isinstance(value, Mapping) and bool(value.entries)) or (isinstance(value, Items) and value.kind == "set")


def _is_no_mapping(value: Value) -> bool:
    return (isinstance(value, Literal) and bool(value.value)) or (isinstance(value, Items) and bool(value.items))


def _last(value: Value) -> str | None:
    """The last part of a name: `user.id` → `id`."""
    if isinstance(value, Subscript):
        return value.index.value if isinstance(value.index, Literal) and isinstance(value.index.value, str) else None
    return value.ref.rpartition(".")[2].lstrip("%@*") if isinstance(value, Name) else None


def _has_parentheses(argument: Argument, args: Placed, project: Project) -> bool:
    after = project.files.data(args.path)[args.value.span.end : argument.span.end]
    return after.strip() == b")"


def _finding(call: TaskCall, argument: Argument, project: Project) -> Finding:
    place = Location(call.path, argument.span)
    name = f"the arguments of this `.{call.method}()`"
    if isinstance(argument.value, Mapping):
        message = f"{name} by position are a dict: it raises a TypeError; a dict belongs into `kwargs=`"
    elif call.signs:
        message = f"{name} are no tuple or list: a string is taken apart into its letters, all else raises a TypeError"
    else:
        message = f"{name} are no tuple or list, so it raises a TypeError"
    comma = "" if isinstance(argument.value, Mapping) else "; a tuple of one needs a comma: `(value,)`"
    related = (Related(call.task.location, "the task"),)
    return check.finding(
        message + comma, place, call.task.entity, related=related, remedy=_remedy(call, argument, project)
    )


def _remedy(call: TaskCall, argument: Argument, project: Project) -> Remedy | None:
    """`(x)` becomes `(x,)`; `x` becomes `(x,)`, which is a guess."""
    value = argument.value
    if isinstance(value, Mapping | Items) or call.args_at is None:
        return None
    end = Span(value.span.end, value.span.end)
    if _has_parentheses(argument, call.args_at, project):
        return EditCode(call.path, "Make it a tuple", (Replacement(end, "", ","),), applicability=Applicability.SAFE)
    start = Span(value.span.start, value.span.start)
    return EditCode(call.path, "Make it a tuple", (Replacement(start, "", "("), Replacement(end, "", ",)")))
