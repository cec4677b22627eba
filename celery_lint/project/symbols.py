"""What a name stands for across files: imports, re-exports, aliases, attributes, instances, methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from celery_lint.facts.model import (
    Assignment,
    Attribute,
    Await,
    Call,
    Choice,
    Class,
    Function,
    Name,
    Operation,
    Subscript,
    Value,
)
from celery_lint.finding import Span
from celery_lint.project.files import Files
from celery_lint.project.index import FileIndex
from celery_lint.project.modules import Modules

# Chains of aliases and re-exports longer than this are a cycle or a puzzle.
_DEPTH = 12


@dataclass(frozen=True)
class External:
    """Something that no file of the project defines, by its dotted name."""

    name: str


@dataclass(frozen=True)
class Internal:
    """Something a file of the project defines: FACT (None: the module itself), and the attributes after it."""

    path: str
    fact: Function | Class | Assignment | None
    rest: tuple[str, ...] = ()


Target = External | Internal


@dataclass(frozen=True)
class FunctionRef:
    """A function of the project: the file and the number of its body's block."""

    path: str
    block: int


@dataclass(frozen=True)
class ClassRef:
    """A class of the project: the file and the number of its body's block."""

    path: str
    block: int


class Symbols:
    """Answers what names, calls and instances stand for."""

    def __init__(self, files: Files, modules: Modules) -> None:
        self.files = files
        self.modules = modules
        # Answers by place. A question that is still being answered has the answer None: that ends the circles
        # of code like `x = x.next()`, which would otherwise be walked round again for each of its branches.
        self._targets: dict[tuple[str, str], Target | None] = {}
        self._types: dict[tuple[str, int, str], ClassRef | External | None] = {}
        self._call_types: dict[tuple[str, Span], ClassRef | External | None] = {}
        self._functions: dict[tuple[str, int, str], FunctionRef | None] = {}
        self._lineages: dict[ClassRef, tuple[ClassRef | External, ...]] = {}
        self._bound: dict[FunctionRef, ClassRef] = {}

    def bind_self(self, bound: Mapping[FunctionRef, ClassRef]) -> None:
        """In these functions (bound tasks) the first parameter is an instance of a class: the task's base."""
        self._bound.update(bound)
        # What was asked about `self` before the tasks were known was answered without this.
        for known in (self._types, self._functions):
            for key in [key for key in known if key[2].startswith("%")]:
                del known[key]
        self._call_types.clear()

    def _self_type(self, path: str, block: int, head: str) -> ClassRef | None:
        index = self.files.python(path)
        for number in index.up(block):
            owner = self._bound.get(FunctionRef(path, number))
            function = index.functions_by_block.get(number)
            if owner is None or function is None or not function.parameters:
                continue
            if function.parameters[0].name == head.removeprefix("%"):
                return owner
        return None

    # names

    def target(self, path: str, ref: str, depth: int = 0) -> Target | None:
        """What REF, written in PATH as facts write names, stands for; None for locals and the unknown."""
        if depth > _DEPTH or ref.startswith("%"):
            return None
        key = (path, ref)
        if key not in self._targets:
            self._targets[key] = None
            self._targets[key] = self._find_target(path, ref, depth)
        return self._targets[key]

    def _find_target(self, path: str, ref: str, depth: int) -> Target | None:
        if ref.startswith("@"):
            return self._member(path, tuple(ref[1:].split(".")), depth)
        if ref.startswith("*"):
            return self._starred(path, tuple(ref[1:].split(".")), depth)
        if ref.startswith("builtins."):
            return External(ref)
        found = self.modules.find(path, ref)
        if found is None:
            return None if ref.startswith(".") else External(ref)
        module, names = found
        return self._member(module, names, depth) if names else Internal(module, None)

    def _member(self, path: str, names: tuple[str, ...], depth: int) -> Target | None:
        index = self.files.python(path)
        for length in (2, 1):
            definitions = index.definitions.get(".".join(names[:length])) if len(names) >= length else None
            if definitions:
                return self._defined(path, definitions, names[length:], depth)
        bound = index.imported.get(names[0])
        if bound is not None:
            return self._imported(path, bound.module, bound.name, bound.alias, names, depth)
        submodule = self.modules.below(path.rpartition("/")[0], names) if path.endswith("__init__.py") else None
        if submodule is not None and submodule[0] != path:
            module, rest = submodule
            return self._member(module, rest, depth + 1) if rest else Internal(module, None)
        return self._starred(path, names, depth) or Internal(path, None, names)

    def _imported(
        self, path: str, module: str, name: str | None, alias: str | None, names: tuple[str, ...], depth: int
    ) -> Target | None:
        if name is not None:
            base = f"{module}{name}" if module.endswith(".") else f"{module}.{name}"
            return self.target(path, ".".join((base, *names[1:])), depth + 1)
        base = module if alias is not None else names[0]
        return self.target(path, ".".join((base, *names[1:])), depth + 1)

    def _starred(self, path: str, names: tuple[str, ...], depth: int) -> Target | None:
        if depth > _DEPTH:
            return None
        for module in self.files.python(path).star_imports:
            found = self.modules.find(path, module)
            if found is None or found[1] or found[0] == path:
                continue
            target = self._member(found[0], names, depth + 1)
            if target is not None and not (isinstance(target, Internal) and target.fact is None and target.rest):
                return target
        return None

    def _defined(
        self, path: str, definitions: list[Function | Class | Assignment], rest: tuple[str, ...], depth: int
    ) -> Target | None:
        fact = definitions[-1]
        if isinstance(fact, Assignment) and len(definitions) == 1 and isinstance(fact.value, Name):
            alias = self.target(path, ".".join((fact.value.ref, *rest)), depth + 1)
            if alias is not None:
                return alias
        return Internal(path, fact, rest)

    def external(self, path: str, value: Value) -> str | None:
        """The dotted name of VALUE when it is something that is not of this project."""
        if not isinstance(value, Name):
            return None
        target = self.target(path, value.ref)
        return target.name if isinstance(target, External) else None

    # locals

    def assigned(self, path: str, block: int, ref: str) -> list[Assignment]:
        """The assignments to the local REF that code in BLOCK of PATH sees, in order."""
        index = self.files.python(path)
        for number in index.up(block):
            if number in index.functions_by_block:
                found = [a for a in index.assignments_by_function.get(number, []) if a.target == ref]
                if found:
                    return found
        return []

    def local_function(self, path: str, block: int, ref: str) -> FunctionRef | None:
        """The function defined in an enclosing function under the local name REF."""
        index = self.files.python(path)
        for number in index.up(block):
            function = index.local_functions.get((number, ref.removeprefix("%")))
            if function is not None:
                return FunctionRef(path, function.block)
        return None

    def enclosing_class(self, path: str, block: int) -> ClassRef | None:
        """The class whose method (or function inside it) holds BLOCK."""
        index = self.files.python(path)
        for number in index.up(block):
            if number in index.classes_by_block:
                return ClassRef(path, number)
        return None

    # classes

    def class_fact(self, ref: ClassRef) -> Class:
        """The fact of a class."""
        return self.files.python(ref.path).classes_by_block[ref.block]

    def bases(self, ref: ClassRef) -> Iterator[ClassRef | External]:
        """The direct bases of a class that can be told."""
        for base in self.class_fact(ref).bases:
            if base.keyword is not None or base.star:
                continue
            value = base.value.value if isinstance(base.value, Subscript) else base.value
            found = self.class_of(ref.path, self.class_fact(ref).outer, value)
            if found is not None:
                yield found

    def lineage(self, ref: ClassRef) -> tuple[ClassRef | External, ...]:
        """A class and its bases, near to far."""
        known = self._lineages.get(ref)
        if known is None:
            # While it is being worked out, a class that is its own ancestor has no bases.
            self._lineages[ref] = (ref,)
            known = self._lineages[ref] = tuple(self._find_lineage(ref))
        return known

    def _find_lineage(self, ref: ClassRef) -> Iterator[ClassRef | External]:
        seen: set[ClassRef | External] = set()
        queue: list[ClassRef | External] = [ref]
        while queue:
            item = queue.pop(0)
            if item in seen:
                continue
            seen.add(item)
            yield item
            if isinstance(item, ClassRef):
                queue.extend(self.bases(item))

    def class_of(self, path: str, block: int, value: Value) -> ClassRef | External | None:
        """The class that VALUE names."""
        if not isinstance(value, Name):
            return None
        if value.ref.startswith("%"):
            index = self.files.python(path)
            name = value.ref.removeprefix("%")
            for item in index.facts.classes:
                if item.name == name and index.function_at(item.outer) is not None:
                    return ClassRef(path, item.block)
            assigned = self.assigned(path, block, value.ref)
            if len(assigned) == 1 and isinstance(assigned[0].value, Name) and assigned[0].value.ref != value.ref:
                return self.class_of(path, block, assigned[0].value)
            return None
        target = self.target(path, value.ref)
        if isinstance(target, External):
            return target
        if isinstance(target, Internal) and isinstance(target.fact, Class) and not target.rest:
            return ClassRef(target.path, target.fact.block)
        return None

    def method(self, ref: ClassRef, name: str) -> FunctionRef | None:
        """The method NAME of a class, its own or inherited inside the project."""
        for item in self.lineage(ref):
            if not isinstance(item, ClassRef):
                continue
            function = self.files.python(item.path).methods.get((item.block, name))
            if function is not None:
                return FunctionRef(item.path, function.block)
        return None

    def attribute(self, ref: ClassRef, name: str) -> tuple[str, Assignment] | None:
        """The assignment of a class attribute, its own or inherited inside the project."""
        for item in self.lineage(ref):
            if isinstance(item, ClassRef):
                for assignment in self.files.python(item.path).assigned_in(item.block):
                    if _last(assignment.target) == name:
                        return item.path, assignment
        return None

    # instances

    def type_of(self, path: str, block: int, value: Value, depth: int = 0) -> ClassRef | External | None:
        """The class that VALUE is an instance of, as far as the code says."""
        if depth > _DEPTH:
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
        if key not in self._call_types:
            self._call_types[key] = None
            self._call_types[key] = self._find_type_of_call(path, block, call, depth)
        return self._call_types[key]

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
        if key not in self._types:
            self._types[key] = None
            self._types[key] = self._find_type_of_name(path, block, ref, depth)
        return self._types[key]

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
            case Operation(operator="|"):
                return self.annotated(path, block, annotation.left)
            case Subscript():
                outer = self.class_of(path, block, annotation.value)
                if isinstance(outer, External) and outer.name.rpartition(".")[2] in ("Optional", "Annotated"):
                    return self.annotated(path, block, annotation.index)
                return outer
        return self.class_of(path, block, annotation)

    # calls

    def function(self, path: str, block: int, callee: Value, depth: int = 0) -> FunctionRef | None:
        """The function of the project that calling CALLEE in BLOCK of PATH runs."""
        if depth > _DEPTH:
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
        key = (path, block, ref)
        if key not in self._functions:
            self._functions[key] = None
            self._functions[key] = self._find_function_named(path, block, ref, depth)
        return self._functions[key]

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


def _last(target: str | None) -> str | None:
    return target.rpartition(".")[2].lstrip("@%") if target is not None else None


def _is_super(call: Call) -> bool:
    return isinstance(call.callee, Name) and call.callee.ref == "builtins.super"
