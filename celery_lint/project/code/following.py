"""What an expression stands for: names, attributes and aliases are followed to what was assigned."""

from __future__ import annotations

from celery_lint.facts.model import Assignment, Attribute, Class, Items, Literal, Name, Operation
from celery_lint.facts.model import Mapping as Dict
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.symbols import ClassRef, Internal, Symbols

DEPTH = 15


class Follower:
    """Follows placed values."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols

    def follow(self, placed: Placed, depth: int = 0) -> Placed:
        """The expression PLACED stands for: names, attributes of classes and aliases are followed."""
        if depth > DEPTH:
            return placed
        value = placed.value
        if isinstance(value, Name):
            found = self._follow_name(placed, value.ref)
        elif isinstance(value, Attribute):
            found = self._follow_attribute(placed, value)
        elif isinstance(value, Operation) and value.operator == "or":
            found = self._first_true(placed, value, depth)
        else:
            found = None
        return self.follow(found, depth + 1) if found is not None and found != placed else placed

    def _first_true(self, placed: Placed, value: Operation, depth: int) -> Placed | None:
        """`given or default`: the side that counts, when the first can be seen."""
        left = self.follow(placed.at(value.left), depth + 1)
        match left.value:
            case Literal(value=known):
                return left if known else placed.at(value.right)
            case Dict(entries=held) | Items(items=held):
                return left if held else placed.at(value.right)
        return None

    def _follow_name(self, placed: Placed, ref: str) -> Placed | None:
        if ref.startswith("%"):
            return self._follow_local(placed, ref)
        target = self.symbols.target(placed.path, ref)
        if not isinstance(target, Internal):
            return None
        if isinstance(target.fact, Assignment):
            return self._of_assignment(target.path, target.fact, target.rest)
        if isinstance(target.fact, Class) and target.rest:
            return self._class_attribute(ClassRef(target.path, target.fact.block), target.rest)
        return None

    def _follow_local(self, placed: Placed, ref: str) -> Placed | None:
        head, _, tail = ref.partition(".")
        if not tail and placed.bound is not None and head[1:] in placed.bound:
            return placed.bound[head[1:]]
        assigned = self.symbols.assigned(placed.path, placed.block, head)
        if not tail and len(assigned) == 1 and assigned[0].value is not None and assigned[0].operator == "=":
            return Placed(placed.path, assigned[0].block, assigned[0].value, placed.bound)
        owner = self.symbols.type_of(placed.path, placed.block, Name(ref.rpartition(".")[0])) if tail else None
        return self._class_attribute(owner, (ref.rpartition(".")[2],)) if isinstance(owner, ClassRef) else None

    def _follow_attribute(self, placed: Placed, value: Attribute) -> Placed | None:
        owner = self.symbols.type_of(placed.path, placed.block, value.value)
        return self._class_attribute(owner, (value.name,)) if isinstance(owner, ClassRef) else None

    def _of_assignment(self, path: str, fact: Assignment, rest: tuple[str, ...]) -> Placed | None:
        index = self.symbols.files.python(path)
        same = index.definitions.get((fact.target or "")[1:], [])
        if fact.value is None or len(same) > 1:
            return None
        if not rest:
            return Placed(path, fact.block, fact.value)
        if rest == ("value",) or rest == ("name",):
            return Placed(path, fact.block, fact.value)
        owner = self.symbols.type_of(path, fact.block, fact.value)
        return self._class_attribute(owner, rest) if isinstance(owner, ClassRef) else None

    def _class_attribute(self, owner: ClassRef, names: tuple[str, ...]) -> Placed | None:
        head, *rest = names
        found = self.symbols.attribute(owner, head)
        if found is not None and found[1].value is not None:
            path, assignment = found
            if rest and rest != ["value"]:
                inner = self.symbols.type_of(path, assignment.block, found[1].value)
                return self._class_attribute(inner, tuple(rest)) if isinstance(inner, ClassRef) else None
            return Placed(path, assignment.block, found[1].value)
        method = self.symbols.method(owner, head)
        if method is None or rest:
            return None
        # A property that returns one expression is that expression.
        index = self.symbols.index(method)
        returns = index.returns(self.symbols.fact(method))
        if len(returns) == 1 and returns[0].value is not None:
            return Placed(method.path, returns[0].block, returns[0].value)
        return None
