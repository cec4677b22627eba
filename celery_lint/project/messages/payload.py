"""LINK: what is put into messages: which arguments they cannot carry."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.facts.model import (
    Assignment,
    Await,
    Call,
    Choice,
    Class,
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
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.code.bindings import Binding, bindings
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.refs import ClassRef, External, FunctionRef, Internal
from celery_lint.project.database.orm import model_kind
from celery_lint.project.database.queries import Stored
from celery_lint.project.messages.serializable import HOLDERS, Fate, fate_of_annotation, fate_of_class
from celery_lint.project.project import Project

_DEPTH = 8
# What carries the same, by what it is.
_INSTEAD = {
    "a `set`": "list({})", "a `frozenset`": "list({})", "a `range`": "list({})", "an iterator": "list({})",
    "a `bytearray`": "bytes({})", "a `Path`": "str({})", "a `timedelta`": "{}.total_seconds()",
    "an IP address": "str({})", "a `URL`": "str({})", "a time zone": "str({})",
}  # fmt: skip
_ENUMS = frozenset({"enum.Enum", "enum.Flag"})


class Cargo(Struct, frozen=True):
    """Something that a message cannot carry, or should not.

    WHAT is it for people (`a set`); INSTEAD what carries the same, with `{}` for the expression; AT where it is
    written. STORED says more of what comes from a database, PYDANTIC that `pydantic=True` takes care of it.
    """

    what: str
    instead: str | None
    at: Placed
    stored: Stored | None = None
    pydantic: bool = False


class Payload:
    """Finds what the arguments of a message cannot be."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.symbols = project.symbols
        self.provenance = project.provenance

    def refused(self, call: TaskCall) -> Iterator[Cargo]:
        """The arguments of CALL that JSON refuses, wherever in lists and dicts they are."""
        for placed in (*(call.args or ()), *call.kwargs.values()):
            found = self.of(placed)
            if found is not None:
                yield found

    def of(self, placed: Placed, depth: int = 0) -> Cargo | None:
        """What PLACED surely is, if JSON refuses it."""
        if depth > _DEPTH:
            return None
        stored = self.provenance.of(placed)
        if stored is not None:
            return self._stored(stored, placed)
        if self.provenance.views.is_request(placed):
            return Cargo("the request", None, placed)
        return self._plain(placed, depth + 1)

    def _stored(self, stored: Stored, placed: Placed) -> Cargo | None:
        model = stored.model
        if model.cls is not None and self.symbols.method(model.cls, "__json__") is not None:
            return None
        the_model = f"the model `{model.name}`" if model.name else "a model"
        if stored.shape == "instance":
            instead = f"{{}}.{model.key}" if model.key is not None else None
            # A row of SQLModel is a Pydantic model too.
            return Cargo(f"an object of {the_model}", instead, placed, stored, model.orm == "sqlmodel")
        words = {"queryset": f"a queryset of {the_model}", "rows": f"a list of objects of {the_model}"}
        return Cargo(words.get(stored.shape, f"a query result of {the_model}"), None, placed, stored)

    def _plain(self, placed: Placed, depth: int) -> Cargo | None:
        match placed.value:
            case Items(kind="set"):
                return Cargo("a `set`", "list({})", placed)
            case Items(items=items):
                return self._first(placed, items, depth)
            case Mapping(entries=entries):
                return self._first(placed, tuple(entry.value for entry in entries if entry.key is not None), depth)
            case Lambda():
                return Cargo("a function", None, placed)
            case Choice(body=body, orelse=orelse):
                return self._either(placed, (body, orelse), depth)
            case Operation(operator="/", left=left) | Operation(operator="or", left=left):
                return self._at(self.of(placed.at(left), depth), placed)
            case Call():
                return self._call(placed, placed.value)
            case Name():
                return self._name(placed, placed.value, depth)
            case Opaque():
                return self._comprehension(placed, placed.value)
            case Await() | Subscript():
                return None
        return None

    def _first(self, placed: Placed, values: tuple[Value, ...], depth: int) -> Cargo | None:
        found = (self.of(placed.at(value), depth) for value in values)
        return next((each for each in found if each is not None), None)

    def _either(self, placed: Placed, sides: tuple[Value, ...], depth: int) -> Cargo | None:
        found = [self.of(placed.at(side), depth) for side in sides if not _is_none(side)]
        return self._at(found[0], placed) if found and all(each is not None for each in found) else None

    def _at(self, found: Cargo | None, placed: Placed) -> Cargo | None:
        return replace(found, at=placed) if found is not None else None

    def _call(self, placed: Placed, call: Call) -> Cargo | None:
        made = self._made_of(self.symbols.class_of(placed.path, placed.block, call.callee), placed)
        return made or self._filled(placed, call)

    def _filled(self, placed: Placed, call: Call) -> Cargo | None:
        """PLACED calls a function that says it returns a list or dict of what JSON refuses: `-> list[Order]`."""
        function = self.symbols.function(placed.path, placed.block, call.callee)
        fact = self.symbols.fact(function) if function is not None else None
        if function is None or fact is None or fact.is_async or fact.is_generator or fact.decorators:
            return None
        match fact.returns:
            case Subscript(value=holder) | Opaque(parts=(holder, _, *_)):
                name = self.symbols.external(function.path, holder)
            case _:
                return None
        fate = fate_of_annotation(Placed(function.path, fact.outer, fact.returns), self.project)
        if name not in HOLDERS or fate is None or fate.kind != "refused":
            return None
        return Cargo(f"something that holds {fate.what}", None, placed, pydantic="Pydantic" in fate.what)

    def _made_of(self, cls: ClassRef | External | None, placed: Placed) -> Cargo | None:
        """PLACED is an instance of CLS, or what the function of that name returns."""
        fate = fate_of_class(cls, self.project) if cls is not None else None
        return self._refusal(fate, cls, placed) if fate is not None and fate.kind == "refused" else None

    def _refusal(self, fate: Fate, cls: ClassRef | External | None, placed: Placed) -> Cargo:
        instead = _INSTEAD.get(fate.what)
        if isinstance(cls, ClassRef) and self._is_enum(cls):
            instead = "{}.value"
        is_pydantic = isinstance(cls, ClassRef) and model_kind(cls, self.symbols) == "Pydantic model"
        if is_pydantic:
            instead = '{}.model_dump(mode="json")'
        return Cargo(fate.what, instead, placed, pydantic=is_pydantic)

    # names

    def _name(self, placed: Placed, name: Name, depth: int) -> Cargo | None:
        if name.ref.startswith("%"):
            return self._local(placed, name, depth) if "." not in name.ref else None
        target = self.symbols.target(placed.path, name.ref)
        if not isinstance(target, Internal):
            return None
        match target.fact:
            case Assignment(block=block) if block in self.project.index(target.path).classes_by_block:
                cls = ClassRef(target.path, block)
                return self._made_of(cls, placed) if not target.rest and self._is_enum(cls) else None
            case Class() if not target.rest and not target.fact.decorators:
                return Cargo("a class", None, placed)
            case Function() if not target.rest and not target.fact.decorators:
                is_task = FunctionRef(target.path, target.fact.block) in self.project.task_functions
                return Cargo("a function", None, placed) if not is_task else None
        followed = self.project.evaluator.follow(placed)
        return self._at(self.of(followed, depth), placed) if followed != placed else None

    def _is_enum(self, cls: ClassRef) -> bool:
        return any(isinstance(item, External) and item.name in _ENUMS for item in self.symbols.lineage(cls))

    def _local(self, placed: Placed, name: Name, depth: int) -> Cargo | None:
        found = [
            self._bound(placed, name, binding, depth)
            for binding in bindings(self.symbols.files, placed.path, placed.block, name)
            if binding.value is None or not _is_none(binding.value.value)
        ]
        first = found[0] if found else None
        if first is None or any(each is None or each.what != first.what for each in found):
            return None
        return replace(first, at=placed)

    def _bound(self, placed: Placed, name: Name, binding: Binding, depth: int) -> Cargo | None:
        if binding.how == "caught":
            return Cargo("an exception", "str({})", placed)
        if binding.how == "parameter":
            return self._parameter(placed, binding)
        if binding.value is None or binding.position is not None or binding.how == "item":
            return None
        if binding.how == "entered":
            value = binding.value.value
            opened = isinstance(value, Call) and self._call(binding.value, value)
            return opened if isinstance(opened, Cargo) and "file" in opened.what else None
        if isinstance(binding.value.value, Items | Mapping) and self._is_changed(placed, name):
            return None
        return self.of(binding.value, depth)

    def _is_changed(self, placed: Placed, name: Name) -> bool:
        """Whether a list or dict gets other items before it is sent: `data["user"] = …`, `data.pop("user")`."""
        index = self.project.index(placed.path)
        targets = (item.target_value for item in index.facts.assignments)
        if any(isinstance(target, Subscript) and getattr(target.value, "ref", "") == name.ref for target in targets):
            return True
        callees = (call.callee for call in index.facts.calls)
        return any(isinstance(callee, Name) and callee.ref.startswith(f"{name.ref}.") for callee in callees)

    def _parameter(self, placed: Placed, binding: Binding) -> Cargo | None:
        parameter, function = binding.parameter, binding.function
        if parameter is None or function is None or parameter.annotation is None or parameter.star:
            return None
        if FunctionRef(placed.path, function.block) in self.project.task_functions:
            return None
        annotation = Placed(placed.path, function.outer, parameter.annotation)
        fate = fate_of_annotation(annotation, self.project)
        if fate is None or fate.kind != "refused":
            return None
        return self._refusal(fate, self.provenance.annotated(placed.path, function.outer, parameter.annotation), placed)

    def _comprehension(self, placed: Placed, value: Opaque) -> Cargo | None:
        index = self.project.index(placed.path)
        if not any(loop.span == value.span for loop in index.facts.loops):
            return None
        opening = self.project.files.data(placed.path)[value.span.start : value.span.start + 1]
        if opening == b"[":
            return None
        if opening == b"{":
            return Cargo("a `set`", "list({})", placed) if len(value.parts) == 2 else None
        return Cargo("a generator", None, placed)


def _is_none(value: Value) -> bool:
    return isinstance(value, Literal) and value.value is None
