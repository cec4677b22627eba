"""What a class has: its bases, its methods and attributes, its own or inherited."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Assignment, Class, Name, Subscript, Value
from celery_lint.project.code.files import Files
from celery_lint.project.code.modules import Modules
from celery_lint.project.code.refs import ClassRef, External, FunctionRef, Internal
from celery_lint.project.code.scopes import Scopes


class Classes(Scopes):
    """Answers what classes are, on top of what names stand for."""

    def __init__(self, files: Files, modules: Modules) -> None:
        super().__init__(files, modules)
        self._lineages: dict[ClassRef, tuple[ClassRef | External, ...]] = {}
        self._methods: dict[tuple[ClassRef, str], FunctionRef | None] = {}
        self._attributes: dict[tuple[ClassRef, str], tuple[str, Assignment] | None] = {}

    def enclosing_class(self, path: str, block: int) -> ClassRef | None:
        """The class whose method (or function inside it) holds BLOCK."""
        index = self.files.python(path)
        for number in index.up(block):
            if number in index.classes_by_block:
                return ClassRef(path, number)
        return None

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
        key = (ref, name)
        if key not in self._methods:
            self._methods[key] = self._find_method(ref, name)
        return self._methods[key]

    def _find_method(self, ref: ClassRef, name: str) -> FunctionRef | None:
        for item in self.lineage(ref):
            if not isinstance(item, ClassRef):
                continue
            function = self.files.python(item.path).methods.get((item.block, name))
            if function is not None:
                return FunctionRef(item.path, function.block)
        return None

    def attribute(self, ref: ClassRef, name: str) -> tuple[str, Assignment] | None:
        """The assignment of a class attribute, its own or inherited inside the project."""
        key = (ref, name)
        if key not in self._attributes:
            self._attributes[key] = self._find_attribute(ref, name)
        return self._attributes[key]

    def _find_attribute(self, ref: ClassRef, name: str) -> tuple[str, Assignment] | None:
        for item in self.lineage(ref):
            if isinstance(item, ClassRef):
                for assignment in self.files.python(item.path).assigned_in(item.block):
                    if _last(assignment.target) == name:
                        return item.path, assignment
        return None


def _last(target: str | None) -> str | None:
    return target.rpartition(".")[2].lstrip("@%") if target is not None else None
