"""What JSON, as Kombu writes it, makes of values and types: held against Kombu's own encoder where it can be."""

from __future__ import annotations

import pytest
from kombu.utils.json import dumps

from celery_lint.facts.model import Name
from celery_lint.project.code.placed import Known, Placed, Unknown
from celery_lint.project.messages.serializable import (
    Fate,
    extends_json,
    fate_of_annotation,
    fate_of_value,
    serializer_of,
)
from celery_lint.project.project import Project
from tests.project.support import project

_IMPORTS = """
import datetime as dt
import enum
import re
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import NamedTuple

class Color(Enum):
    RED = 1

class Level(IntEnum):
    LOW = 1

class Kind(str, Enum):
    A = "a"

class Point(NamedTuple):
    x: int

@dataclass
class Item:
    x: int

class Plain:
    pass

class Able:
    def __json__(self):
        return 1

def make():
    yield 1

def plain():
    return 1
"""
_VALUES = [
    "1", "'a'", "None", "True", "[1, 'a']", "{'a': [1]}", "uuid.uuid4()", "dt.datetime.now()", "Decimal('1')",
    "(1, 2)", "{1, 2}", "set([1])", "frozenset()", "Path('x')", "dt.timedelta(1)", "Color(1)", "Level(1)", "Kind('a')",
    "Point(1)", "Item(1)", "Plain()", "Able()", "make()", "lambda: 1", "plain", "Plain", "[{'a': {1}}]",
    "{'a': Path('x')}", "{x for x in [1]}", "[x for x in [1]]", "{x: 1 for x in [1]}", "b'x'", "range(3)", "complex(1)",
    "1 if x else 2", "{1} if x else {2}", "{1} if x else 2", "map(str, [1])", "OrderedDict()", "re.compile('x')",
]  # fmt: skip


def _fate(expression: str, *, tasks: str = "") -> Fate | None:
    found = project(tasks=f"{_IMPORTS}{tasks}\nx = 1\nRESULT = {expression}\n")
    return fate_of_value(Placed("proj/tasks.py", 0, Name("@RESULT")), found)


@pytest.mark.parametrize("expression", _VALUES)
def test_values_fare_as_kombu_encodes_them(expression: str) -> None:
    namespace: dict[str, object] = {"x": 1}
    exec(_IMPORTS, namespace)
    try:
        dumps(eval(expression, namespace))  # type: ignore[no-untyped-call]
        refused = False
    except (TypeError, ValueError):
        refused = True
    fate = _fate(expression)
    assert fate is None or (fate.kind == "refused") == refused
    known = {
        "[x for x in [1]]", "{x: 1 for x in [1]}", "{1} if x else 2", "dt.datetime.now()", "uuid.uuid4()", "b'x'",
        "re.compile('x')",
    }  # fmt: skip
    assert (fate is None) == (expression in known)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("str", "carried"), ("dict[str, int]", "carried"), ("list", "carried"), ("uuid.UUID", "carried"),
        ("dt.datetime", "carried"), ("Able", "carried"), ("str | None", "carried"), ("'str'", "carried"),
        ("tuple[int, int]", "changed"), ("tuple", "changed"), ("Level", "changed"), ("Kind", "changed"),
        ("Point", "changed"), ("set", "refused"), ("set[int]", "refused"), ("list[Path]", "refused"),
        ("dict[str, Path]", "refused"), ("Path | None", "refused"), ("Optional[Path]", "refused"),
        ("Union[Path, Item]", "refused"), ("'Path'", "refused"), ("Item", "refused"), ("Color", "refused"),
        ("Annotated[Path, 1]", "refused"), ("dt.timedelta", "refused"), ("Plain", "refused"),
        ("Callable", "refused"), ("type[Plain]", "refused"), ("User", "refused"), ("Row", "refused"),
        ("Data", "refused"), ("Session", "refused"), ("QuerySet", "refused"), ("HttpRequest", "refused"),
        ("Path | str", None), ("Any", None), ("object", None), ("Unseen", None), ("Union[Path, str]", None),
        ("Derived", None), ("'list[Path]'", None), ("Alias", None),
    ],
)  # fmt: skip
def test_annotations_fare_as_their_types(annotation: str, kind: str | None) -> None:
    tasks = f"""{_IMPORTS}
from typing import Annotated, Any, Callable, Optional, Union
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from pydantic import BaseModel
from sqlalchemy.orm import Session, declarative_base
from other import Other, Unseen

Base = declarative_base()
Alias = Other

class User(models.Model): ...
class Row(Base): ...
class Data(BaseModel): ...
class Derived(Other): ...

def f(x: {annotation}): ...
"""
    found = project(tasks=tasks)
    index = found.index("proj/tasks.py")
    function = next(each for each in index.facts.functions if each.name == "f")
    written = function.parameters[0].annotation
    assert written is not None
    fate = fate_of_annotation(Placed("proj/tasks.py", 0, written), found)
    assert (fate.kind if fate is not None else None) == kind


def _argument(tasks: str) -> Fate | None:
    found = project(tasks=_IMPORTS + tasks)
    call = next(each for each in found.index("proj/tasks.py").facts.calls if each.use == "discarded")
    return fate_of_value(Placed("proj/tasks.py", call.block, call.arguments[0].value), found)


_MODELS = """
from django.db import models

class Order(models.Model): ...

"""


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("    order = Order.objects.get(pk=1)\n    send(order)", "the Django model `Order`"),
        ("    orders = Order.objects.filter(pk=1)\n    send(orders)", "a queryset of `Order`"),
        ("    send(Order())", "the Django model `Order`"),
        ("    ids = {1}\n    send(ids)", "a `set`"),
        ("    send(order)", "the Django model `Order`"),
        ("    send(work())", "a coroutine"),
    ],
)
def test_what_a_function_makes_is_followed(body: str, what: str) -> None:
    fate = _argument(f"{_MODELS}async def work(): ...\n\ndef f(order: Order):\n{body}\n")
    assert fate == Fate("refused", what)


@pytest.mark.parametrize(
    "body",
    [
        "    ids = {1}\n    ids = list(ids)\n    send(ids)",
        "    ids = set()\n    if order:\n        ids = [1]\n    send(ids)",
        "    send(list({1}))",
        "    send(Order.objects.count())",
        "    send(order.pk)",
        "    order = order.pk\n    send(order)",
        "    send(unseen())",
        "    send([each.pk for each in Order.objects.all()])",
    ],
)
def test_what_may_be_carried_is_not_refused(body: str) -> None:
    fate = _argument(f"{_MODELS}def f(order: Order):\n{body}\n")
    assert fate is None or fate.kind != "refused"


def _serializer(found: Project) -> Known[str] | Unknown:
    return serializer_of(found.tasks[0], found)


def test_the_serializer_is_that_of_the_task_then_that_of_the_application() -> None:
    tasks = "@app.task({})\ndef add(): ...\n"
    assert _serializer(project(tasks=tasks.format(""))) == Known("json")
    assert _serializer(project(tasks=tasks.format("serializer='pickle'"))) == Known("pickle")
    assert _serializer(project(app="app.conf.task_serializer = 'yaml'\n", tasks=tasks.format(""))) == Known("yaml")
    unseen = "from elsewhere import settings\napp.conf.update(settings)\napp.conf.task_serializer = settings.x\n"
    assert isinstance(_serializer(project(app=unseen, tasks=tasks.format(""))), Unknown)


def test_a_project_may_teach_json_more() -> None:
    assert not extends_json(project())
    assert extends_json(project(app="from kombu.utils.json import register_type\nregister_type(set, 'set', list)\n"))
