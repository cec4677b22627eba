"""LINK: the Celery applications of a project, and which of them an expression stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from celery_lint.facts.model import Assignment, Attribute, Call, Function, Literal, Name, Subscript, Value
from celery_lint.finding import Location
from celery_lint.project.code.expressions import called_on, last_name, within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import ClassRef, External, FunctionRef, Internal
from celery_lint.project.code.values import Evaluator, Known, Placed

_MAKES_APP = Pattern(rb"Celery\s*\(|celery\.Celery\b|import Celery\b")
# Methods that only Celery's application has.
_APP_METHODS = ("config_from_object", "autodiscover_tasks")
_USES_APP = Pattern(rb"\.(?:config_from_object|autodiscover_tasks)\b")
CELERY_CLASSES = frozenset({"celery.Celery", "celery.app.Celery", "celery.app.base.Celery"})
# The application of the process: the one made last, or a default one that Celery makes itself.
CURRENT_APPS = frozenset({"celery.current_app", "celery.app.current_app", "celery._state.current_app"})
_CURRENT_APP = Pattern(rb"\bcurrent_app\b")
_CELERY = Pattern(rb"celery", re.IGNORECASE)
_CONFIGURES = Pattern(rb"\bconfig_from_object\b|\.conf\b")
_DEPTH = 8


class Draft(Struct, frozen=True, eq=False):
    """An application before its settings are known.

    CONSTRUCTOR is the `Celery(...)` call; CALLER the call of the factory that holds it, when there are several.
    BOUND gives the factory's parameters the caller's arguments. FOREIGN: its class is not of this project, and all
    that is known of it is that it is derived from Celery's.
    """

    constructor: Placed
    app_class: ClassRef | None
    factory: FunctionRef | None
    caller: Placed | None
    variables: tuple[tuple[str, str], ...]
    foreign: bool = False

    @property
    def placed(self) -> Placed:
        """The call that findings about the app point at."""
        return self.caller or self.constructor

    @property
    def location(self) -> Location:
        """Where the app is made."""
        return Location(self.placed.path, self.placed.span)

    @property
    def is_current(self) -> bool:
        """Whether it is Celery's default application: CONSTRUCTOR is then the name that stands for it."""
        call = self.constructor.value
        return isinstance(call, Call) and isinstance(call.callee, Name) and call.callee.ref in CURRENT_APPS


def is_celery(found: ClassRef | External | None, evaluator: Evaluator) -> bool:
    """Whether a class is Celery's application class or one derived from it in the project."""
    if isinstance(found, External):
        return found.name in CELERY_CLASSES
    if found is None:
        return False
    return any(isinstance(base, External) and base.name in CELERY_CLASSES for base in evaluator.symbols.lineage(found))


class Apps:
    """Finds the applications and answers which one an expression stands for."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.symbols = evaluator.symbols
        self.files = evaluator.symbols.files
        self._made: dict[tuple[str, int], list[Draft]] = {}
        self.drafts: tuple[Draft, ...] = tuple(self._find())
        self.drafts += tuple(self._find_foreign())
        self.drafts = self.drafts or tuple(self._find_current())

    # finding them

    def _find(self) -> Iterator[Draft]:
        for path in self.files.mentioning(_MAKES_APP):
            index = self.files.python(path)
            for call in index.facts.calls:
                made = self.symbols.class_of(path, call.block, call.callee)
                if is_celery(made, self.evaluator):
                    drafts = list(self._drafts(index, call, made if isinstance(made, ClassRef) else None))
                    self._made[(path, call.span.start)] = drafts
                    yield from drafts

    def _find_current(self) -> Iterator[Draft]:
        """Celery's default application, in a project that makes none and configures `celery.current_app`."""
        for path in self.files.mentioning(_CURRENT_APP):
            if not self.files.mentions(path, _CONFIGURES):
                continue
            for assignment in self.files.python(path).facts.assignments:
                value = assignment.value
                if isinstance(value, Name) and self._is_current(path, value):
                    call = Call(Name(value.ref, value.span), (), value.span, assignment.block, "assigned")
                    draft = Draft(
                        Placed(path, assignment.block, call), None, None, None, tuple(self._named(path, assignment))
                    )
                    self._made[(path, value.span.start)] = [draft]
                    yield draft
                    return

    def _is_current(self, path: str, value: Name) -> bool:
        return self.symbols.external(path, value) in CURRENT_APPS

    def _named(self, path: str, assignment: Assignment) -> Iterator[tuple[str, str]]:
        if assignment.target is not None and assignment.target.startswith("@"):
            yield path, assignment.target[1:]

    def _find_foreign(self) -> Iterator[Draft]:
        """`app = TenantAwareCelery("proj")` of another package: it is configured the way only applications are."""
        for path in self.files.mentioning(_USES_APP):
            if not self.files.mentions(path, _CELERY):
                continue
            index = self.files.python(path)
            used = (_configured(call.callee) for call in index.facts.calls if index.is_import_time(call.block))
            for ref in dict.fromkeys(ref for ref in used if ref is not None):
                made = self._made_by_call(path, ref)
                if made is not None and not self.of(Placed(path, 0, Name(ref))):
                    call = made.value
                    assert isinstance(call, Call)
                    draft = Draft(made, None, None, None, tuple(self._held(path, call)), foreign=True)
                    self._made[(path, call.span.start)] = [draft]
                    yield draft

    def _made_by_call(self, path: str, ref: str) -> Placed | None:
        """The call of something that is not of this project, whose value REF is given at the top of PATH."""
        for fact in self.files.python(path).definitions.get(ref.removeprefix("@"), []):
            value = fact.value if isinstance(fact, Assignment) else None
            if isinstance(fact, Assignment) and isinstance(value, Call):
                known = self.symbols.class_of(path, fact.block, value.callee)
                if not isinstance(known, ClassRef) and self.symbols.function(path, fact.block, value.callee) is None:
                    return Placed(path, fact.block, value)
        return None

    def _drafts(self, index: FileIndex, call: Call, app_class: ClassRef | None) -> Iterator[Draft]:
        constructor = Placed(index.path, call.block, call)
        function = index.function_at(call.block)
        if function is None:
            if not index.is_import_time(call.block):
                return
            yield Draft(constructor, app_class, None, None, tuple(self._held(index.path, call)))
            return
        if _is_dropped(index, function, call):
            return
        factory = FunctionRef(index.path, function.block)
        callers = list(self._callers(factory, function.name))
        if len(callers) > 1 and any(isinstance(c.value, Call) and c.value.arguments for c in callers):
            for caller in callers:
                value = caller.value
                assert isinstance(value, Call)
                given = self.evaluator.bind(function, caller, value)
                yield Draft(
                    Placed(index.path, call.block, call, given), app_class, factory, caller,
                    tuple(self._held(caller.path, value)),
                )  # fmt: skip
            return
        held = tuple(item for caller in callers for item in self._held(caller.path, caller.value))
        bound: dict[str, Placed] | None = None
        if len(callers) == 1 and isinstance(callers[0].value, Call):
            bound = self.evaluator.bind(function, callers[0], callers[0].value)
        yield Draft(Placed(index.path, call.block, call, bound), app_class, factory, None, held)

    def _held(self, path: str, value: Value) -> Iterator[tuple[str, str]]:
        if isinstance(value, Call) and value.target is not None and value.target.startswith("@"):
            yield path, value.target[1:]

    def _callers(self, factory: FunctionRef, name: str) -> Iterator[Placed]:
        for path in self.files.holding(name):
            index = self.files.python(path)
            for call in index.calls_named(name):
                if self.symbols.function(path, call.block, call.callee) == factory:
                    yield Placed(path, call.block, call)

    # recognising them

    def of(self, placed: Placed, depth: int = 0) -> tuple[Draft, ...] | None:
        """The applications PLACED may stand for; None when it is no application, or nothing tells."""
        if depth > _DEPTH:
            return None
        value = placed.value
        if isinstance(value, Call):
            return self._of_call(placed, value, depth)
        if isinstance(value, Subscript | Attribute):
            return self._of_expression(placed)
        if not isinstance(value, Name):
            return None
        if value.ref.startswith("%"):
            return self._of_local(placed, value.ref, depth)
        target = self.symbols.target(placed.path, value.ref)
        if isinstance(target, External) and target.name in CURRENT_APPS:
            return tuple(draft for draft in self.drafts_made if draft.is_current) or None
        if not isinstance(target, Internal):
            return None
        if isinstance(target.fact, Assignment):
            return self._of_assignment(target, target.fact, depth)
        if target.fact is None and not target.rest:
            return self._of_module(target.path)
        return None

    def _of_call(self, placed: Placed, call: Call, depth: int) -> tuple[Draft, ...] | None:
        made = self._made.get((placed.path, call.span.start))
        if made is not None:
            return tuple(made)
        function = self.symbols.function(placed.path, placed.block, call.callee)
        if function is not None:
            return self._of_factory(placed, function, depth)
        # A proxy around a factory: `Proxy(make_app)`, `LocalProxy(lambda: make_app())`.
        for argument in call.arguments:
            for inner in within(argument.value):
                if isinstance(inner, Name):
                    proxied = self.symbols.function(placed.path, placed.block, inner)
                    found = self._of_factory(placed, proxied, depth + 1) if proxied is not None else None
                    if found:
                        return found
        return None

    def _of_factory(self, placed: Placed, function: FunctionRef, depth: int) -> tuple[Draft, ...] | None:
        own = [draft for draft in self.drafts_made if draft.factory == function]
        here = [d for d in own if d.caller is not None and (d.caller.path, d.caller.span) == (placed.path, placed.span)]
        if here or own:
            return tuple(here or own)
        index = self.symbols.index(function)
        for item in index.returns(self.symbols.fact(function)):
            if item.value is not None:
                found = self.of(Placed(function.path, item.block, item.value), depth + 1)
                if found:
                    return found
        return None

    @property
    def drafts_made(self) -> Iterator[Draft]:
        """The applications found so far."""
        return (draft for made in self._made.values() for draft in made)

    def _of_local(self, placed: Placed, ref: str, depth: int) -> tuple[Draft, ...] | None:
        for assignment in self.symbols.assigned(placed.path, placed.block, ref):
            if assignment.value is not None and assignment.value != placed.value:
                found = self.of(Placed(placed.path, assignment.block, assignment.value), depth + 1)
                if found:
                    return found
        if "." in ref:
            return self._of_member(placed, ref, depth)
        return None

    def _of_member(self, placed: Placed, ref: str, depth: int) -> tuple[Draft, ...] | None:
        """`self.app`, `holder.celery_app`: an attribute or a property of an object of the project."""
        owner_ref, _, name = ref.rpartition(".")
        owner = self.symbols.type_of(placed.path, placed.block, Name(owner_ref))
        if not isinstance(owner, ClassRef):
            return None
        method = self.symbols.method(owner, name)
        if method is not None:
            return self._of_factory(placed, method, depth + 1)
        for draft in self.drafts_made:
            call = draft.constructor.value
            if isinstance(call, Call) and call.target == f"%self.{name}":
                holder = self.symbols.enclosing_class(draft.constructor.path, draft.constructor.block)
                if holder in set(self.symbols.lineage(owner)):
                    return (draft,)
        return None

    def _of_assignment(self, target: Internal, fact: Assignment, depth: int) -> tuple[Draft, ...] | None:
        if target.rest:
            if fact.value is None:
                return None
            owner = self.symbols.type_of(target.path, fact.block, fact.value)
            method = self.symbols.method(owner, target.rest[-1]) if isinstance(owner, ClassRef) else None
            place = Placed(target.path, fact.block, fact.value)
            return self._of_factory(place, method, depth + 1) if method else self._put_on(place, target.rest, depth)
        if fact.value is None:
            return None
        return self.of(Placed(target.path, fact.block, fact.value), depth + 1) or self._given_back(target.path, fact)

    def _given_back(self, path: str, fact: Assignment) -> tuple[Draft, ...] | None:
        """`app = healthcheck.setup(app)`: whatever is done to an application, it stays the one that it was."""
        given = fact.value.arguments if isinstance(fact.value, Call) else ()
        if not any(isinstance(argument.value, Name) and argument.value.ref == fact.target for argument in given):
            return None
        for other in self.files.python(path).definitions.get((fact.target or "").removeprefix("@"), []):
            value = other.value if isinstance(other, Assignment) and other is not fact else None
            found = self.of(Placed(path, other.block, value), _DEPTH) if isinstance(value, Call) else None
            if found:
                return found
        return None

    def _put_on(self, placed: Placed, names: tuple[str, ...], depth: int) -> tuple[Draft, ...] | None:
        """`web = create_web()`, where the factory says `web.celery_app = …` of what it returns."""
        call = placed.value
        function = self.symbols.function(placed.path, placed.block, call.callee) if isinstance(call, Call) else None
        if function is None:
            return None
        index, fact = self.symbols.index(function), self.symbols.fact(function)
        wanted = {".".join((item.value.ref, *names)) for item in index.returns(fact) if isinstance(item.value, Name)}
        for assignment in index.assignments(fact):
            if assignment.target in wanted and assignment.value is not None:
                return self.of(Placed(function.path, assignment.block, assignment.value), depth + 1)
        return None

    def _of_module(self, path: str) -> tuple[Draft, ...] | None:
        found = [draft for draft in self.drafts_made if any(held == path for held, _ in draft.variables)]
        return tuple(found) or None

    def _of_expression(self, placed: Placed) -> tuple[Draft, ...] | None:
        """`registry["celery.app"]`: the same expression was assigned an application in this file."""
        wanted = shape(placed.value)
        for draft in self.drafts_made:
            if draft.constructor.path != placed.path:
                continue
            for assignment in self.files.python(placed.path).facts.assignments:
                if assignment.value == draft.constructor.value and shape(assignment.target_value) == wanted:
                    return (draft,)
        return None

    def is_app(self, placed: Placed) -> bool:
        """Whether PLACED is some Celery application, even if nothing tells which."""
        if self.of(placed):
            return True
        found = self.symbols.type_of(placed.path, placed.block, placed.value)
        return is_celery(found, self.evaluator)


def _is_dropped(index: FileIndex, function: Function, call: Call) -> bool:
    """Whether the application stays in the function that makes it, as a client or for a check: nobody gets hold of it,
    and nothing there becomes a task."""
    target = call.target
    if call.use != "assigned" or target is None or not target.startswith("%") or "." in target:
        return False
    mentioned = [value for each in (function, *index.inside(function)) for value in index.values(each)]
    decorators = [value for inner in index.inside(function) for item in inner.decorators for value in within(item)]
    declares = any(last_name(value) == "task" for value in (*mentioned, *decorators))
    return not declares and not any(isinstance(value, Name) and value.ref == target for value in mentioned)


def _configured(callee: Value) -> str | None:
    """`@app` of a call of `app.autodiscover_tasks`, of an app that its module knows by name."""
    app = called_on(callee) if last_name(callee) in _APP_METHODS else None
    return app.ref if isinstance(app, Name) and app.ref.startswith("@") and "." not in app.ref else None


def shape(value: Value) -> str:
    """VALUE as text without its place: two that look alike are the same expression."""
    match value:
        case Name():
            return value.ref
        case Literal():
            return repr(value.value)
        case Attribute():
            return f"{shape(value.value)}.{value.name}"
        case Subscript():
            return f"{shape(value.value)}[{shape(value.index)}]"
    return f"{type(value).__name__}@{value.span.start}"


def main_name(draft: Draft, evaluator: Evaluator) -> str | None:
    """The name given to `Celery(...)`, when it can be read."""
    call = draft.constructor.value
    assert isinstance(call, Call)
    argument = call.argument(0, "main")
    if argument is None:
        return None
    found = evaluator.text(draft.constructor.at(argument.value))
    return found.value if isinstance(found, Known) else None
