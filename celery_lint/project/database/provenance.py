"""LINK: which values are rows of a database: instances of models, querysets, followed to where they were loaded."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from celery_lint.facts.model import (
    Attribute,
    Await,
    Call,
    Choice,
    Function,
    Literal,
    Name,
    Opaque,
    Operation,
    Parameter,
    Subscript,
    Value,
)  # fmt: skip
from celery_lint.finding import Location, Span
from celery_lint.project.code.bindings import Binding, bindings
from celery_lint.project.code.expressions import called_on, last_name
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.refs import ClassRef, External, FunctionRef
from celery_lint.project.code.values import Evaluator
from celery_lint.project.database.models import Model, Models, annotation_class
from celery_lint.project.database.queries import Shape, Stored, of_class, of_query
from celery_lint.project.database.views import Views
from celery_lint.project.messages.passed import Passed

_DEPTH = 12
_UNNAMED = Model("", "django", "pk")
_SHORTCUTS = frozenset({
    "django.shortcuts.get_object_or_404", "django.shortcuts.aget_object_or_404",
    "rest_framework.generics.get_object_or_404",
})  # fmt: skip
_SELECTS = frozenset({
    "sqlalchemy.select", "sqlalchemy.future.select", "sqlmodel.select", "sqlalchemy.sql.select",
    "sqlalchemy.sql.expression.select",
})  # fmt: skip
_LISTS = frozenset({"builtins.list", "builtins.tuple", "builtins.sorted", "builtins.reversed"})


class Provenance:
    """Follows values to the queries and models they come from."""

    def __init__(self, evaluator: Evaluator, tasks: frozenset[FunctionRef]) -> None:
        self.evaluator = evaluator
        # What these are given comes out of a message, whatever their annotations say.
        self.tasks = tasks
        self.symbols = evaluator.symbols
        self.models = Models(evaluator)
        self.views = Views(self.symbols)
        self.passed = Passed(self.symbols)
        # What is still being asked about is nothing yet: that ends circles.
        self._known: dict[tuple[str, int, type, Span, str], Stored | None] = {}
        self._returned: dict[FunctionRef, Stored | None] = {}

    def of(self, placed: Placed, depth: int = 0) -> Stored | None:
        """What of a database PLACED surely holds; None for everything else and for what cannot be told."""
        if depth > _DEPTH:
            return None
        # A value is told by its place: to hash all that is in it takes longer than to answer.
        value = placed.value
        key = (placed.path, placed.block, type(value), placed.span, value.ref if isinstance(value, Name) else "")
        if key in self._known:
            return self._known[key]
        self._known[key] = None
        found = self._known[key] = self._find(placed, depth + 1)
        return found

    def _find(self, placed: Placed, depth: int) -> Stored | None:
        match placed.value:
            case Await(value=inner):
                return self.of(placed.at(inner), depth)
            case Choice(body=body, orelse=orelse):
                return self._either(placed, (body, orelse), depth)
            case Operation(operator="or", left=left, right=right):
                return self._either(placed, (left, right), depth)
            case Call():
                found = self._call(placed, placed.value, depth)
                if found is not None and found.origin is None:
                    return replace(found, origin=Location(placed.path, placed.value.span))
                return found
            case Name():
                return self._name(placed, placed.value, depth)
            case Attribute(value=owner, name=name):
                model = self.models.named(placed.path, placed.block, owner)
                if model is not None:
                    return Stored("queryset", model) if self.models.is_manager(model, name) else None
                return self._attribute(self.of(placed.at(owner), depth), name)
            case Subscript(value=owner, index=index):
                return self._item(self.of(placed.at(owner), depth), index)
            case Opaque(parts=(inner, Opaque())):
                return self._of_opaque(self.of(placed.at(inner), depth), placed)
        return None

    def _either(self, placed: Placed, sides: tuple[Value, ...], depth: int) -> Stored | None:
        return _agreed(self.of(placed.at(side), depth) for side in sides if not _is_none(side))

    def _of_opaque(self, inner: Stored | None, placed: Placed) -> Stored | None:
        """`queryset[:10]`, `[order for order in …]`."""
        if inner is None:
            return None
        loops = self.symbols.files.python(placed.path).facts.loops
        if any(loop.span == placed.value.span for loop in loops):
            return replace(inner, shape="rows") if inner.shape == "instance" else None
        return inner if inner.shape in ("queryset", "rows") else None

    # calls

    def _call(self, placed: Placed, call: Call, depth: int) -> Stored | None:
        model = self.models.named(placed.path, placed.block, call.callee)
        if model is not None:
            return Stored("instance", model)
        name = self.symbols.external(placed.path, call.callee)
        first = call.arguments[0].value if call.arguments and not call.arguments[0].star else None
        if name in _SHORTCUTS and first is not None:
            return self._as_instance(placed.at(first), depth)
        if name in _LISTS and first is not None:
            found = self.of(placed.at(first), depth)
            return Stored("rows", found.model) if found is not None and found.shape in ("queryset", "rows") else None
        if name in _SELECTS:
            return self._selected(placed, call)
        method = last_name(call.callee)
        owner = called_on(call.callee)
        if owner is not None and method is not None:
            found = self._method(placed, call, owner, method, first, depth)
            if found is not None:
                return found
        return self._of_function(placed, call, depth)

    def _as_instance(self, placed: Placed, depth: int) -> Stored | None:
        """One row of the model or queryset PLACED."""
        model = self.models.named(placed.path, placed.block, placed.value)
        if model is not None:
            return Stored("instance", model)
        found = self.of(placed, depth)
        return Stored("instance", found.model) if found is not None and found.shape == "queryset" else None

    def _selected(self, placed: Placed, call: Call) -> Stored | None:
        """`select(Order)`; of several, or of columns, the rows are tuples."""
        if len(call.arguments) != 1:
            return None
        model = self.models.named(placed.path, placed.block, call.arguments[0].value)
        return Stored("queryset", model) if model is not None else None

    def _method(
        self, placed: Placed, call: Call, owner: Value, method: str, first: Value | None, depth: int
    ) -> Stored | None:
        model = self.models.named(placed.path, placed.block, owner)
        if model is not None:
            return of_class(model, method)
        if first is not None:
            found = self._of_session(placed, call, owner, method, first, depth)
            if found is not None:
                return found
        known = self.of(placed.at(owner), depth)
        if known is None:
            return self._saved(placed, owner, method)
        return of_query(known, method)

    def _of_session(
        self, placed: Placed, call: Call, owner: Value, method: str, first: Value, depth: int
    ) -> Stored | None:
        """`session.get(Order, 1)`, `session.query(Order)`, `session.scalars(select(Order))`."""
        if method in ("get", "get_one", "get_or_404", "query"):
            model = self.models.named(placed.path, placed.block, first)
            if model is None or model.orm not in ("sqlalchemy", "sqlmodel"):
                return None
            if method == "query":
                return Stored("queryset", model) if len(call.arguments) == 1 else None
            return Stored("instance", model)
        if method in ("merge", "scalar", "scalars", "execute", "exec", "stream_scalars"):
            found = self.of(placed.at(first), depth)
            if found is None or found.model.orm not in ("sqlalchemy", "sqlmodel"):
                return None
            if method == "merge":
                return found if found.shape == "instance" else None
            shapes: dict[str, Shape] = {"scalar": "instance", "execute": "result"}
            return Stored(shapes.get(method, "rows"), found.model) if found.shape == "queryset" else None
        return None

    def _saved(self, placed: Placed, owner: Value, method: str) -> Stored | None:
        """`form.save()` of a ModelForm, `serializer.save()` of a ModelSerializer, `self.get_object()` of a view."""
        model = self.views.instance_from(placed, owner, method)
        return Stored("instance", self.models.named(*model) or _UNNAMED) if model else None

    def _of_function(self, placed: Placed, call: Call, depth: int) -> Stored | None:
        """What a function of the project returns: by its annotation, else by all its `return`s."""
        function = self.symbols.function(placed.path, placed.block, call.callee)
        if function is None:
            return None
        if function not in self._returned:
            self._returned[function] = None
            self._returned[function] = self._find_returned(function, depth)
        return self._returned[function]

    def _find_returned(self, ref: FunctionRef, depth: int) -> Stored | None:
        index, fact = self.symbols.index(ref), self.symbols.fact(ref)
        if fact.decorators or fact.is_generator:
            return None
        if fact.returns is not None:
            model = self.models.annotated(ref.path, fact.outer, fact.returns)
            return Stored("instance", model) if model is not None else None
        returned = ((item.block, item.value) for item in index.returns(fact) if item.value is not None)
        given = (Placed(ref.path, block, value) for block, value in returned if not _is_none(value))
        return _agreed(self.of(each, depth) for each in given)

    # names

    def _name(self, placed: Placed, name: Name, depth: int) -> Stored | None:
        owner, _, attribute = name.ref.rpartition(".")
        if not owner.strip(".@%*"):
            return self._local(placed, name, depth) if name.ref.startswith("%") else None
        above = Name(owner, name.span)
        model = self.models.named(placed.path, placed.block, above)
        if model is not None:
            return Stored("queryset", model) if self.models.is_manager(model, attribute) else None
        if attribute == "user" and self.views.is_request(placed.at(above)):
            return Stored("instance", Model("User", "django", "pk"))
        found = self.of(placed.at(above), depth)
        if found is not None:
            return self._attribute(found, attribute)
        return self._member(placed, above, attribute, depth) if name.ref.startswith("%") else None

    def _attribute(self, owner: Stored | None, name: str) -> Stored | None:
        if owner is None or owner.shape != "instance":
            return None
        related = self.models.related(owner.model, name)
        if related is None:
            return None
        return Stored("instance" if related[0] == "one" else "queryset", related[1])

    def _member(self, placed: Placed, owner: Name, name: str, depth: int) -> Stored | None:
        """An attribute of an object that is no model: `self.order`, set in its class."""
        cls = self.symbols.type_of(placed.path, placed.block, owner)
        if not isinstance(cls, ClassRef) or self.models.of(cls) is not None:
            return None
        found: list[Stored | None] = []
        for item in self.symbols.lineage(cls):
            if not isinstance(item, ClassRef):
                continue
            index = self.symbols.index(item)
            body = [each for each in index.assigned_in(item.block) if (each.target or "").endswith(f".{name}")]
            for assignment in (*body, *index.set_on_self.get((item.block, name), ())):
                if assignment.annotation is not None:
                    model = self.models.annotated(item.path, assignment.block, assignment.annotation)
                    found.append(Stored("instance", model) if model is not None else None)
                elif assignment.value is not None and not _is_none(assignment.value):
                    found.append(self.of(Placed(item.path, assignment.block, assignment.value), depth))
        return _agreed(found)

    def _local(self, placed: Placed, name: Name, depth: int) -> Stored | None:
        found = bindings(self.symbols.files, placed.path, placed.block, name)
        given = (each for each in found if each.value is None or not _is_none(each.value.value))
        return _agreed(self._bound(placed, each, depth) for each in given)

    def _bound(self, placed: Placed, binding: Binding, depth: int) -> Stored | None:
        if binding.how == "parameter" and binding.parameter is not None and binding.function is not None:
            return self._parameter(placed.path, binding.function, binding.parameter, depth)
        if binding.value is None or binding.how not in ("value", "item"):
            return None
        value, position = binding.value, binding.position
        if binding.how == "value" and position is not None:
            items = getattr(value.value, "items", None)
            if isinstance(items, tuple) and position < len(items):
                return self.of(value.at(items[position]), depth)
        found = self.of(value, depth)
        if found is None:
            return None
        if binding.how == "item":
            iterates = position is None and found.shape in ("queryset", "rows")
            return replace(found, shape="instance") if iterates else None
        if position is None:
            return found
        return replace(found, shape="instance") if found.shape == "pair" and position == 0 else None

    def _parameter(self, path: str, function: Function, parameter: Parameter, depth: int) -> Stored | None:
        if parameter.star or FunctionRef(path, function.block) in self.tasks:
            return None
        place = Location(path, parameter.annotation.span if parameter.annotation is not None else function.name_span)
        if parameter.annotation is not None:
            model = self.models.annotated(path, function.outer, parameter.annotation)
            return Stored("instance", model, place) if model is not None else None
        if parameter.name == "instance":
            sender = self.views.sender(path, function)
            if sender is not None:
                model = self.models.named(*sender) if len(sender) == 3 else None
                return Stored("instance", model or _UNNAMED, place)
        found = self._self(path, function, parameter)
        if found is not None or parameter.default is not None:
            return found
        return _agreed(self.of(each, depth) for each in self.passed.to(path, function, parameter))

    def _self(self, path: str, function: Function, parameter: Parameter) -> Stored | None:
        """The first parameter of a method of a model."""
        owner = self.symbols.files.python(path).class_of(function)
        if owner is None or parameter is not function.parameters[0]:
            return None
        if any(last_name(each) in ("classmethod", "staticmethod") for each in function.decorators):
            return None
        model = self.models.of(ClassRef(path, owner.block))
        return Stored("instance", model) if model is not None and function.name != "__new__" else None

    def _item(self, owner: Stored | None, index: Value) -> Stored | None:
        """`pair[0]`, `queryset[0]`."""
        if owner is None:
            return None
        number = index.value if isinstance(index, Literal) else None
        if owner.shape == "pair":
            return replace(owner, shape="instance") if number == 0 else None
        is_number = isinstance(number, int) and not isinstance(number, bool)
        return replace(owner, shape="instance") if owner.shape in ("queryset", "rows") and is_number else None

    def annotated(self, path: str, block: int, annotation: Value) -> ClassRef | External | None:
        """The one class that an annotation allows beside None."""
        return annotation_class(self.evaluator, path, block, annotation)


def _agreed(found: Iterable[Stored | None]) -> Stored | None:
    """What all ways agree on; the first that does not ends it."""
    first: Stored | None = None
    for each in found:
        if each is None or (first is not None and each.shape != first.shape):
            return None
        first = first or each
    return first


def _is_none(value: Value) -> bool:
    return isinstance(value, Literal) and value.value is None
