"""Which classes of a project are models: rows of a database, or what validates data."""

from __future__ import annotations

import re

from celery_lint.facts.model import Call, Name, Value
from celery_lint.project.code.symbols import ClassRef, External, Internal, Symbols

# Bases that packages beside Django offer are told by where they live: `polymorphic.models.PolymorphicModel`.
_DJANGO = re.compile(
    r"django\.(?:contrib\.)?(?:\w+\.)*models\.(?:base\.)?(?:Model|Abstract\w*User|User|Group|Permission|Site)$"
    r"|(?:polymorphic|mptt|model_utils|django_extensions|treebeard|safedelete|parler|simple_history|guardian|wagtail)\."
    r"(?:[\w.]+\.)?models?\.\w+$|django\.contrib\.auth\.base_user\.AbstractBaseUser$|wagtail\.models\.Page$"
)
_SQLALCHEMY = re.compile(
    r"sqlalchemy\.(?:orm|ext\.(?:declarative|automap|asyncio))\.(?:\w+\.)*(?:DeclarativeBase(?:NoMeta)?|declarative_base"
    r"|automap_base|MappedAsDataclass|DeferredReflection)$|advanced_alchemy\.base\.\w+$|fastapi_users_db_sqlalchemy\.\w+$"
    r"|fastapi_users\.db\.SQLAlchemyBaseUserTable\w*$"
)
_OTHERS = {
    "mongoengine.Document": "mongoengine document", "mongoengine.DynamicDocument": "mongoengine document",
    "mongoengine.EmbeddedDocument": "mongoengine document", "beanie.Document": "Beanie document",
    "tortoise.models.Model": "Tortoise model", "tortoise.Model": "Tortoise model", "peewee.Model": "Peewee model",
    "pony.orm.Entity": "Pony entity",
}  # fmt: skip
_PYDANTIC = frozenset({
    "pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic.v1.BaseModel", "pydantic_settings.BaseSettings",
    "pydantic.BaseSettings", "pydantic.generics.GenericModel", "pydantic.RootModel",
})  # fmt: skip


def model_kind(found: ClassRef | External, symbols: Symbols) -> str | None:
    """What kind of model a class is, in words (`Django model`, `Pydantic model`); None when none is known."""
    lineage = symbols.lineage(found) if isinstance(found, ClassRef) else (found,)
    kinds = {kind for item in lineage if (kind := _kind(item, symbols)) is not None}
    # SQLModel is both; what makes it a row decides.
    return next((kind for kind in sorted(kinds) if kind != "Pydantic model"), next(iter(kinds), None))


def _kind(item: ClassRef | External, symbols: Symbols) -> str | None:
    if isinstance(item, External):
        return _of_name(item.name)
    fact = symbols.class_fact(item)
    if any(_is_field(item.path, assigned.value, symbols) for assigned in symbols.index(item).assigned_in(item.block)):
        return "Django model"
    if any(_last(assigned.target) == "__tablename__" for assigned in symbols.index(item).assigned_in(item.block)):
        return "SQLAlchemy model"
    if any(base.keyword == "table" for base in fact.bases):
        return "SQLModel model"
    return "SQLAlchemy model" if any(_is_made_base(item.path, base.value, symbols) for base in fact.bases) else None


def _of_name(name: str) -> str | None:
    if name in _OTHERS:
        return _OTHERS[name]
    if name in _PYDANTIC or name == "sqlmodel.SQLModel":
        return "Pydantic model"
    if _DJANGO.search(name):
        return "Django model"
    return "SQLAlchemy model" if _SQLALCHEMY.search(name) else None


def _is_made_base(path: str, base: object, symbols: Symbols) -> bool:
    """`Base = declarative_base()`, and `db.Model` of Flask-SQLAlchemy."""
    if not isinstance(base, Name):
        return False
    target = symbols.target(path, base.ref)
    if not isinstance(target, Internal):
        return False
    rest = target.rest
    owner = base.ref.removesuffix(f".{'.'.join(rest)}") if rest else base.ref
    made = symbols.type_of(path, 0, Name(owner))
    if not isinstance(made, External):
        return False
    if rest:
        return rest == ("Model",) and made.name.rpartition(".")[2] == "SQLAlchemy"
    return _SQLALCHEMY.search(made.name) is not None


def _is_field(path: str, value: Value | None, symbols: Symbols) -> bool:
    """`models.CharField()`: where a base class cannot be seen, the columns tell."""
    name = symbols.external(path, value.callee) if isinstance(value, Call) else None
    return name is not None and name.startswith("django.db.models.") and name.endswith(("Field", "ForeignKey"))


def _last(target: str | None) -> str:
    return (target or "").rpartition(".")[2].lstrip("@%")
