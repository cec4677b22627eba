"""What a value is an instance of and what a call runs, on top of what names stand for and what classes have."""

from __future__ import annotations

from collections.abc import Mapping

from celery_lint.facts.model import (
    Assignment,
    Attribute,
    Await,
    Call,
    Choice,
    Class,
    Function,
    Name,
    Opaque,
    Operation,
    Subscript,
    Value,
)
from celery_lint.finding import Span
from celery_lint.project.code.classes import Classes
from celery_lint.project.code.files import Files
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.modules import Modules
from celery_lint.project.code.refs import ClassRef, External, FunctionRef, Internal, Target
from celery_lint.project.code.scopes import DEPTH

__all__ = ["ClassRef", "External", "FunctionRef", "Internal", "Symbols", "Target"]


class Symbols(Classes):
    """Answers what names, calls and instances stand for."""

    def __init__(self, files: Files, modules: Modules) -> None:
        super().__init__(files, modules)
        # Answers by place. A question that is still being answered has the answer None: that ends the circles
        # of code like `x = x.next()`, which would otherwise be walked round again for each of its branches.
        self._types: dict[tuple[str, int, str], ClassRef | External | None] = {}
        self._call_types: dict[tuple[str, Span], ClassRef | External | None] = {}
        self._functions: dict[tuple[str, int, str], FunctionRef | None] = {}
        self._bound: dict[FunctionRef, ClassRef] = {}
        self._bound_in: set[str] = set()

    def bind_self(self, bound: Mapping[FunctionRef, ClassRef]) -> None:
        """In these functions (bound tasks) the first parameter is an instance of a class: the task's base."""
        self._bound.update(bound)
        self._bound_in.update(function.path for function in bound)
        # What was asked about `self` before the tasks were known was answered without this.
        for known in (self._types, self._functions):
            for key in [key for key in known if key[2].startswith("%")]:
                del known[key]
        self._call_types.clear()

    def _self_type(self, path: str, block: int, head: str) -> ClassRef | None:
        if path not in self._bound_in:
            return None
        index = self.files.python(path)
        for number in index.up(block):
            owner = self._bound.get(FunctionRef(path, number))
            function = index.functions_by_block.get(number)
            if owner is None or function is None or not function.parameters:
                continue
            if function.parameters[0].name == head.removeprefix("%"):
                return owner
        return None

    # instances

    def type_of(self, path: str, block: int, value: Value, depth: int = 0) -> ClassRef | External | None:
        """The class that VALUE is an instance of, as far as the code says."""
        if depth > DEPTH:
            return None
        match value:
            case Await():
                return self.type_of(path, block, value.value, depth + 1)
            case Choice():
                return self.type_of(path, block, value.body, depth + 1)
            case Operation(operator="or"):
                return self.type_of(path, block, value.left, depth + 1) or self.type_of(
                    path, block, value.right, depth + 1
                )
            case Call():
                return self._type_of_call(path, block, value, depth)
            case Name():
                return self._type_of_name(path, block, value.ref, depth)
        return None

    def _type_of_call(self, path: str, block: int, call: Call, depth: int) -> ClassRef | External | None:
        key = (path, call.span)
        if key in self._call_types:
            return self._call_types[key]
        self._call_types[key] = None
        found = self._call_types[key] = self._find_type_of_call(path, block, call, depth)
        return found

    def _find_type_of_call(self, path: str, block: int, call: Call, depth: int) -> ClassRef | External | None:
        made = self.class_of(path, block, call.callee)
        if isinstance(made, ClassRef):
            return made
        function = self.function(path, block, call.callee, depth + 1)
        if function is None:
            return made
        index = self.files.python(function.path)
        fact = index.functions_by_block[function.block]
        if fact.returns is not None:
            annotated = self.annotated(function.path, fact.outer, fact.returns)
            if annotated is not None:
                return annotated
        for item in index.returns(fact):
            if item.value is not None:
                found = self.type_of(function.path, item.block, item.value, depth + 1)
                if found is not None:
                    return found
        return None

    def _type_of_name(self, path: str, block: int, ref: str, depth: int) -> ClassRef | External | None:
        key = (path, block, ref)
        if key in self._types:
            return self._types[key]
        self._types[key] = None
        found = self._types[key] = self._find_type_of_name(path, block, ref, depth)
        return found

    def _find_type_of_name(self, path: str, block: int, ref: str, depth: int) -> ClassRef | External | None:
        if ref.startswith("%"):
            return self._type_of_local(path, block, ref, depth)
        target = self.target(path, ref)
        if not isinstance(target, Internal) or not isinstance(target.fact, Assignment):
            return None
        fact = target.fact
        found = None
        if fact.value is not None:
            found = self.type_of(target.path, fact.block, fact.value, depth + 1)
        if found is None and fact.annotation is not None:
            found = self.annotated(target.path, fact.block, fact.annotation)
        return self._attribute_type(found, target.rest, depth)

    def _attribute_type(
        self, owner: ClassRef | External | None, names: tuple[str, ...], depth: int
    ) -> ClassRef | External | None:
        for name in names:
            if not isinstance(owner, ClassRef):
                return None
            owner = self.member_type(owner, name, depth + 1)
        return owner

    def member_type(self, owner: ClassRef, name: str, depth: int = 0) -> ClassRef | External | None:
        """The class of `self.NAME` in OWNER: from the class body or an assignment in a method."""
        found = self.attribute(owner, name)
        if found is not None:
            path, assignment = found
            if assignment.value is not None:
                known = self.type_of(path, assignment.block, assignment.value, depth + 1)
                if known is not None:
                    return known
            return self.annotated(path, assignment.block, assignment.annotation) if assignment.annotation else None
        for item in self.lineage(owner):
            if not isinstance(item, ClassRef):
                continue
            for assignment in self.files.python(item.path).set_on_self.get((item.block, name), []):
                if assignment.value is not None:
                    return self.type_of(item.path, assignment.block, assignment.value, depth + 1)
        return None

    def _type_of_local(self, path: str, block: int, ref: str, depth: int) -> ClassRef | External | None:
        head, _, tail = ref.partition(".")
        names = tuple(tail.split(".")) if tail else ()
        bound = self._self_type(path, block, head)
        if bound is not None:
            return self._attribute_type(bound, names, depth)
        if head in ("%self", "%cls"):
            owner: ClassRef | External | None = self.enclosing_class(path, block)
            return self._attribute_type(owner, names, depth)
        for assignment in self.assigned(path, block, head):
            if assignment.value is not None:
                found = self.type_of(path, assignment.block, assignment.value, depth + 1)
                if found is not None:
                    return self._attribute_type(found, names, depth)
        return self._attribute_type(self._type_of_bound(path, block, head, depth), names, depth)

    def _type_of_bound(self, path: str, block: int, head: str, depth: int) -> ClassRef | External | None:
        """The class of a parameter (by its annotation) or of a `with` target."""
        index = self.files.python(path)
        for number in index.up(block):
            for item in index.block(number).items:
                if item.target == head:
                    return self.type_of(path, number, item.value, depth + 1)
            function = index.functions_by_block.get(number)
            for parameter in function.parameters if function is not None else ():
                if parameter.name == head.removeprefix("%") and parameter.annotation is not None:
                    return self.annotated(path, block, parameter.annotation)
        return None

    def annotated(self, path: str, block: int, annotation: Value) -> ClassRef | External | None:
        """The class an annotation names: `Service`, `Optional[Service]`, `Service | None`; not a quoted `"Service"`."""
        match annotation:
            case Opaque(parts=(generic, Opaque(parts=(first,)), *_)) if self._is_annotated(path, block, generic):
                return self.annotated(path, block, first)
            case Operation(operator="|"):
                return self.annotated(path, block, annotation.left)
            case Subscript():
                outer = self.class_of(path, block, annotation.value)
                if isinstance(outer, External) and outer.name.rpartition(".")[2] in ("Optional", "Annotated"):
                    return self.annotated(path, block, annotation.index)
                return outer
        return self.class_of(path, block, annotation)

    def _is_annotated(self, path: str, block: int, outer: Value) -> bool:
        """`Annotated[Service, Depends()]`"""
        found = self.class_of(path, block, outer)
        return isinstance(found, External) and found.name.rpartition(".")[2] == "Annotated"

    # calls

    def function(self, path: str, block: int, callee: Value, depth: int = 0) -> FunctionRef | None:
        """The function of the project that calling CALLEE in BLOCK of PATH runs."""
        if depth > DEPTH:
            return None
        match callee:
            case Name():
                return self._function_named(path, block, callee.ref, depth)
            case Attribute():
                owner = self.type_of(path, block, callee.value, depth + 1)
                if isinstance(callee.value, Call) and _is_super(callee.value):
                    owner = self._parent(path, block)
                return self.method(owner, callee.name) if isinstance(owner, ClassRef) else None
        return None

    def _parent(self, path: str, block: int) -> ClassRef | None:
        here = self.enclosing_class(path, block)
        bases = [item for item in self.bases(here) if isinstance(item, ClassRef)] if here is not None else []
        return bases[0] if bases else None

    def _function_named(self, path: str, block: int, ref: str, depth: int) -> FunctionRef | None:
        key = (path, self._scope(path, block, ref), ref)
        if key in self._functions:
            return self._functions[key]
        self._functions[key] = None
        found = self._functions[key] = self._find_function_named(path, block, ref, depth)
        return found

    def _scope(self, path: str, block: int, ref: str) -> int:
        """The block that what REF stands for depends on: a global is the same anywhere, a local in all of its
        function; what it is an attribute of may be bound by a `with` around BLOCK."""
        if not ref.startswith("%"):
            return 0
        function = self.files.python(path).function_at(block) if "." not in ref else None
        return function.block if function is not None else block

    def _find_function_named(self, path: str, block: int, ref: str, depth: int) -> FunctionRef | None:
        if ref.startswith("%"):
            return self._local_function_named(path, block, ref, depth)
        target = self.target(path, ref)
        if not isinstance(target, Internal):
            return None
        match target.fact:
            case Function() if not target.rest:
                return FunctionRef(target.path, target.fact.block)
            case Class():
                owner = ClassRef(target.path, target.fact.block)
                return self._method_at(owner, target.rest or ("__init__",), depth)
            case Assignment() if target.rest:
                value = target.fact.value
                made = self.type_of(target.path, target.fact.block, value, depth + 1) if value is not None else None
                return self._method_at(made, target.rest, depth)
        return None

    def _local_function_named(self, path: str, block: int, ref: str, depth: int) -> FunctionRef | None:
        if "." not in ref:
            local = self.local_function(path, block, ref)
            if local is not None:
                return local
            for assignment in self.assigned(path, block, ref):
                if isinstance(assignment.value, Name) and assignment.value.ref != ref:
                    return self.function(path, assignment.block, assignment.value, depth + 1)
            return None
        owner, _, name = ref.rpartition(".")
        made = self._type_of_local(path, block, owner, depth + 1)
        return self._method_at(made, (name,), depth)

    def _method_at(self, owner: ClassRef | External | None, names: tuple[str, ...], depth: int) -> FunctionRef | None:
        *attributes, name = names
        owner = self._attribute_type(owner, tuple(attributes), depth)
        return self.method(owner, name) if isinstance(owner, ClassRef) else None

    def fact(self, ref: FunctionRef) -> Function:
        """The fact of a function."""
        return self.files.python(ref.path).functions_by_block[ref.block]

    def index(self, ref: FunctionRef | ClassRef) -> FileIndex:
        """The file of a function or class."""
        return self.files.python(ref.path)


def _is_super(call: Call) -> bool:
    return isinstance(call.callee, Name) and call.callee.ref == "builtins.super"
