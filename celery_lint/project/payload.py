"""LINK: what is put into messages: which arguments they cannot carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

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
from celery_lint.project.bindings import Binding, bindings
from celery_lint.project.calls import TaskCall
from celery_lint.project.files import is_aside
from celery_lint.project.placed import Placed
from celery_lint.project.project import Project
from celery_lint.project.queries import Stored
from celery_lint.project.refs import ClassRef, External, FunctionRef, Internal

_DEPTH = 8
# What JSON refuses (reproduced with kombu 5.7), as people call it, and what carries the same.
_MADE: dict[str, tuple[str, str | None]] = {
    "builtins.set": ("a set", "list({})"), "builtins.frozenset": ("a set", "list({})"),
    "builtins.range": ("a range", "list({})"), "builtins.map": ("an iterator", "list({})"),
    "builtins.zip": ("an iterator", "list({})"), "builtins.filter": ("an iterator", "list({})"),
    "builtins.enumerate": ("an iterator", "list({})"), "builtins.reversed": ("an iterator", "list({})"),
    "builtins.open": ("an open file", None), "builtins.bytearray": ("a bytearray", "bytes({})"),
    "builtins.memoryview": ("a memoryview", "bytes({})"), "builtins.object": ("a plain object", None),
    "builtins.complex": ("a complex number", None),
    "datetime.timedelta": ("a timedelta", "{}.total_seconds()"), "collections.deque": ("a deque", "list({})"),
    "pathlib.Path": ("a `Path`", "str({})"), "pathlib.PurePath": ("a `Path`", "str({})"),
    "pathlib.PosixPath": ("a `Path`", "str({})"), "io.BytesIO": ("a buffer", None), "io.StringIO": ("a buffer", None),
    "re.compile": ("a compiled pattern", None),
    "tempfile.NamedTemporaryFile": ("an open file", None), "tempfile.TemporaryFile": ("an open file", None),
    "fastapi.UploadFile": ("an uploaded file", None), "starlette.datastructures.UploadFile": ("an uploaded file", None),
    "django.http.HttpRequest": ("the request", None), "rest_framework.request.Request": ("the request", None),
    "fastapi.Request": ("the request", None), "starlette.requests.Request": ("the request", None),
}  # fmt: skip
_ENUMS = frozenset({"enum.Enum", "enum.Flag"})
# Bases that leave instances as they are: objects that JSON does not know.
_PLAIN = _ENUMS | {
    "builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "pydantic.BaseModel", "pydantic.main.BaseModel",
    "sqlmodel.SQLModel", "builtins.Exception",
}  # fmt: skip
_PYDANTIC = frozenset({"pydantic.BaseModel", "pydantic.main.BaseModel", "sqlmodel.SQLModel"})
_SETS = frozenset({"builtins.set", "builtins.frozenset", "typing.Set", "typing.FrozenSet", "typing.AbstractSet"})


@dataclass(frozen=True)
class Cargo:
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
        self._encoded = frozenset(self._find_encoded())

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
        if model.cls is not None and self._is_encoded(model.cls):
            return None
        name = f"`{model.name}`" if model.name else "model"
        if stored.shape == "instance":
            instead = f"{{}}.{model.key}" if model.key is not None else None
            return Cargo(f"a {name} object", instead, placed, stored)
        words = {"queryset": f"a query of {name} objects", "rows": f"a list of {name} objects"}
        return Cargo(words.get(stored.shape, f"a query result with {name} objects"), None, placed, stored)

    def _plain(self, placed: Placed, depth: int) -> Cargo | None:
        match placed.value:
            case Items(kind="set"):
                return Cargo("a set", "list({})", placed)
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
        return self._made_of(self.symbols.class_of(placed.path, placed.block, call.callee), placed)

    def _made_of(self, cls: ClassRef | External | None, placed: Placed) -> Cargo | None:
        """PLACED is an instance of CLS, or what the function of that name returns."""
        if isinstance(cls, External):
            known = _MADE.get(cls.name)
            return Cargo(known[0], known[1], placed) if known is not None else None
        if cls is None or self._is_encoded(cls) or not self._is_plain(cls):
            return None
        name = self.symbols.class_fact(cls).name
        bases = {item.name for item in self.symbols.lineage(cls) if isinstance(item, External)}
        if self._is_enum(cls):
            return Cargo(f"a member of the enum `{name}`", "{}.value", placed)
        if bases & _PYDANTIC:
            return Cargo(f"a `{name}` object", '{}.model_dump(mode="json")', placed, pydantic=True)
        return Cargo(f"a `{name}` object", None, placed)

    def _is_plain(self, cls: ClassRef) -> bool:
        """Whether all of a class is seen and nothing in it is a type that JSON has."""
        for item in self.symbols.lineage(cls):
            if isinstance(item, External):
                if item.name not in _PLAIN:
                    return False
                continue
            fact = self.symbols.class_fact(item)
            given = [base for base in fact.bases if base.keyword is None]
            if len(list(self.symbols.bases(item))) < len(given) or any(base.star for base in fact.bases):
                return False
            if any(base.keyword == "metaclass" for base in fact.bases):
                return False
        return self.symbols.method(cls, "__new__") is None and self.symbols.method(cls, "__json__") is None

    def _is_encoded(self, cls: ClassRef) -> bool:
        """Whether the project tells JSON how to carry instances of CLS."""
        lineage = set(self.symbols.lineage(cls))
        return self.symbols.method(cls, "__json__") is not None or bool(lineage & self._encoded)

    def _find_encoded(self) -> Iterator[ClassRef | External]:
        """The classes given to `kombu.utils.json.register_type`."""
        for path in self.project.files.mentioning(_REGISTERS):
            if is_aside(path):
                continue
            for call in self.project.index(path).facts.calls:
                if self.symbols.external(path, call.callee) == "kombu.utils.json.register_type" and call.arguments:
                    cls = self.symbols.class_of(path, call.block, call.arguments[0].value)
                    if cls is not None:
                        yield cls

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
        annotation = parameter.annotation
        outer = annotation.value if isinstance(annotation, Subscript) else annotation
        if isinstance(outer, Name) and self.symbols.external(placed.path, outer) in _SETS:
            return Cargo("a set", "list({})", placed)
        return self._made_of(self.provenance.annotated(placed.path, function.outer, annotation), placed)

    def _comprehension(self, placed: Placed, value: Opaque) -> Cargo | None:
        index = self.project.index(placed.path)
        if not any(loop.span == value.span for loop in index.facts.loops):
            return None
        opening = self.project.files.data(placed.path)[value.span.start : value.span.start + 1]
        if opening == b"[":
            return None
        if opening == b"{":
            return Cargo("a set", "list({})", placed) if len(value.parts) == 2 else None
        return Cargo("a generator", None, placed)


_REGISTERS = re.compile(rb"\bregister_type\b")


def _is_none(value: Value) -> bool:
    return isinstance(value, Literal) and value.value is None
