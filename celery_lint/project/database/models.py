"""LINK: the models of an ORM: how their rows are told apart, where their queries start, what they refer to."""

from __future__ import annotations

import re
from typing import Literal as OneOf

from msgspec import Struct

from celery_lint.facts.model import Assignment, Call, Literal, Name, Opaque, Operation, Subscript, Value
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.refs import ClassRef, External, Internal
from celery_lint.project.code.values import Evaluator
from celery_lint.project.database.orm import model_kind

Orm = OneOf["django", "sqlalchemy", "sqlmodel", "peewee", "tortoise", "other"]

_ORMS: dict[str, Orm] = {
    "Django model": "django", "SQLAlchemy model": "sqlalchemy", "SQLModel model": "sqlmodel",
    "Peewee model": "peewee", "Tortoise model": "tortoise",
}  # fmt: skip
_TO_ONE = frozenset({"ForeignKey", "OneToOneField", "ForeignKeyField"})
_TO_MANY = frozenset({"ManyToManyField"})
_MANAGERS = frozenset({"objects", "_default_manager", "_base_manager", "all_objects"})


class Model(Struct, frozen=True):
    """A model class: what the code calls it ("" when that is not seen), and KEY, the attribute that tells one row
    from the others (None: not seen). CLS is None for one that is not of this project."""

    name: str
    orm: Orm
    key: str | None
    cls: ClassRef | None = None


class Models:
    """Recognises model classes."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.symbols = evaluator.symbols
        self._known: dict[ClassRef, Model | None] = {}

    def named(self, path: str, block: int, value: Value) -> Model | None:
        """The model class that the expression VALUE names: `Order`, `models.Order`, `get_user_model()`."""
        if isinstance(value, Call):
            return self._returned(path, value)
        if not isinstance(value, Name):
            return None
        found = self.symbols.class_of(path, block, value)
        if found is not None:
            return self.of(found)
        made = self._assigned(path, block, value)
        return self._returned(made.path, made.value) if made is not None and isinstance(made.value, Call) else None

    def _assigned(self, path: str, block: int, name: Name) -> Placed | None:
        """The one value of a variable: `User = get_user_model()`."""
        if name.ref.startswith("%"):
            assigned = self.symbols.assigned(path, block, name.ref)
            if len(assigned) != 1 or assigned[0].value is None:
                return None
            return Placed(path, assigned[0].block, assigned[0].value)
        target = self.symbols.target(path, name.ref)
        if not isinstance(target, Internal) or not isinstance(target.fact, Assignment) or target.rest:
            return None
        return Placed(target.path, target.fact.block, target.fact.value) if target.fact.value is not None else None

    def _returned(self, path: str, call: Call) -> Model | None:
        name = self.symbols.external(path, call.callee)
        if name == "django.contrib.auth.get_user_model":
            return Model("User", "django", "pk")
        if name == "django.apps.apps.get_model":
            last = call.arguments[-1].value if call.arguments else None
            shown = last.value if isinstance(last, Literal) and isinstance(last.value, str) else ""
            return Model(shown.rpartition(".")[2], "django", "pk")
        return None

    def of(self, ref: ClassRef | External | None) -> Model | None:
        """The model that a class is; None for a class that is none."""
        if isinstance(ref, External):
            kind = model_kind(ref, self.symbols)
            return Model(ref.name.rpartition(".")[2], _ORMS[kind], "pk") if kind == "Django model" else None
        if ref is None:
            return None
        if ref not in self._known:
            self._known[ref] = None
            self._known[ref] = self._find(ref)
        return self._known[ref]

    def _find(self, ref: ClassRef) -> Model | None:
        kind = model_kind(ref, self.symbols)
        if kind is None or kind == "Pydantic model":
            return None
        orm = _ORMS.get(kind, "other")
        return Model(self.symbols.class_fact(ref).name, orm, self._key(ref, orm), ref)

    def _key(self, ref: ClassRef, orm: Orm) -> str | None:
        """The attribute that identifies a row."""
        if orm in ("django", "tortoise"):
            return "pk"
        names = [name for item in self.symbols.lineage(ref) if isinstance(item, ClassRef) for name in self._keys(item)]
        if len(set(names)) == 1:
            return names[0]
        return "id" if not names and (orm == "peewee" or self.symbols.attribute(ref, "id") is not None) else None

    def _keys(self, ref: ClassRef) -> list[str]:
        """The columns of one class body that say `primary_key=True`."""
        found = []
        for assignment in self.symbols.index(ref).assigned_in(ref.block):
            value = assignment.value
            given = value.argument(None, "primary_key") if isinstance(value, Call) else None
            if given is not None and _is_true(given.value) and assignment.target is not None:
                found.append(assignment.target.rpartition(".")[2].lstrip("@%"))
        return found

    def is_manager(self, model: Model, name: str) -> bool:
        """Whether the class attribute NAME of MODEL is what queries start from."""
        if model.orm == "sqlalchemy":
            return name == "query"
        if model.orm != "django":
            return False
        found = self.symbols.attribute(model.cls, name) if model.cls is not None else None
        if found is None:
            return name in _MANAGERS
        path, assignment = found
        made = assignment.value
        if not isinstance(made, Call):
            return False
        kind = self.symbols.type_of(path, assignment.block, made)
        lineage = self.symbols.lineage(kind) if isinstance(kind, ClassRef) else (kind,)
        is_manager = any(isinstance(item, External) and item.name.endswith("Manager") for item in lineage)
        # What `as_manager()` and `Manager.from_queryset(…)()` return has no class that is seen.
        return is_manager or last_name(made.callee) == "as_manager" or name in _MANAGERS

    def related(self, model: Model, name: str) -> tuple[OneOf["one", "many"], Model] | None:
        """What the attribute NAME of an instance leads to: another instance, or many."""
        found = self.symbols.attribute(model.cls, name) if model.cls is not None else None
        if found is None or model.cls is None:
            return None
        path, assignment = found
        if model.orm in ("sqlalchemy", "sqlmodel"):
            other = self._mapped(path, assignment)
            return ("one", other) if other is not None else None
        call = assignment.value
        kind = last_name(call.callee) if isinstance(call, Call) else None
        if not isinstance(call, Call) or kind not in _TO_ONE | _TO_MANY or not call.arguments:
            return None
        other = self._target(path, assignment.block, call.arguments[0].value, model)
        return ("one" if kind in _TO_ONE else "many"), other

    def _target(self, path: str, block: int, value: Value, model: Model) -> Model:
        """The model at the other end of a foreign key."""
        if isinstance(value, Literal) and isinstance(value.value, str):
            if value.value == "self":
                return model
            name = value.value.rpartition(".")[2]
            local = self.symbols.class_of(path, 0, Name(f"@{name}"))
            return self.of(local) or Model(name, model.orm, "pk" if model.orm == "django" else None)
        return self.named(path, block, value) or Model("", model.orm, "pk" if model.orm == "django" else None)

    def _mapped(self, path: str, assignment: Assignment) -> Model | None:
        """`owner: Mapped["User"] = relationship()`: the model; a list of them is none."""
        value, annotation = assignment.value, assignment.annotation
        if not isinstance(value, Call) or last_name(value.callee) not in ("relationship", "Relationship"):
            return None
        if isinstance(annotation, Subscript) and isinstance(annotation.value, Name):
            annotation = annotation.index if annotation.value.ref.endswith("Mapped") else annotation
        return self.annotated(path, assignment.block, annotation) if annotation is not None else None

    def annotated(self, path: str, block: int, annotation: Value) -> Model | None:
        """The model that an annotation means: `Order`, `"Order"`, `Order | None`, `Optional[Order]`, not
        `Order | int`."""
        ref = annotation_class(self.evaluator, path, block, annotation)
        return self.of(ref) or (self.named(path, block, annotation) if isinstance(annotation, Name) else None)


def annotation_class(evaluator: Evaluator, path: str, block: int, annotation: Value) -> ClassRef | External | None:
    """The one class that an annotation allows beside None; None when there are others, or none is seen."""
    symbols = evaluator.symbols
    match annotation:
        case Literal(value=str(text)):
            names = [part.strip() for part in text.split("|") if part.strip() != "None"]
            plain = len(names) == 1 and re.fullmatch(r"[A-Za-z_][\w.]*", names[0])
            return symbols.class_of(path, block, Name(f"@{names[0]}")) if plain else None
        case Subscript(value=Name() as outer):
            is_optional = (symbols.external(path, outer) or "").rpartition(".")[2] == "Optional"
            return annotation_class(evaluator, path, block, annotation.index) if is_optional else None
        case Opaque(parts=(Name() as outer, *inner)):
            kind = (symbols.external(path, outer) or "").rpartition(".")[2]
            sides = [part.parts[0] if isinstance(part, Opaque) and part.parts else part for part in inner]
            others = sides[:1] if kind == "Annotated" else [side for side in sides if not _is_none(side)]
            known = kind in ("Annotated", "Union") and len(others) == 1
            return annotation_class(evaluator, path, block, others[0]) if known else None
        case Operation(operator="|"):
            others = [side for side in (annotation.left, annotation.right) if not _is_none(side)]
            return annotation_class(evaluator, path, block, others[0]) if len(others) == 1 else None
        case Name():
            return symbols.class_of(path, block, annotation)
    return None


def _is_true(value: Value) -> bool:
    return isinstance(value, Literal) and value.value is True


def _is_none(value: Value) -> bool:
    return isinstance(value, Literal) and value.value is None
