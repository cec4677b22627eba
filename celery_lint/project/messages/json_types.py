"""Which types JSON, as Kombu writes it, carries, changes or refuses.

Kombu's encoder (kombu/utils/json.py) takes what JSON takes, `datetime`, `date`, `time`, `Decimal`, `UUID`, `bytes`,
what Django translates lazily, and objects with a `__json__` method. Everything else is an EncodeError in the caller.
"""

from __future__ import annotations

from typing import Literal as OneOf

from msgspec import Struct

from celery_lint.facts.model import Call
from celery_lint.project.code.symbols import ClassRef, External
from celery_lint.project.database.orm import model_kind
from celery_lint.project.project import Project


class Fate(Struct, frozen=True):
    """What JSON makes of a value: it is `carried`, `changed` (it arrives as ARRIVES) or `refused` (EncodeError).

    WHAT is the value in words, with its article: "a `set`", "the Django model `Order`".
    """

    kind: OneOf["carried", "changed", "refused"]
    what: str = ""
    arrives: str = ""


CARRIED = Fate("carried")

_CARRIED = frozenset({
    "builtins.str", "builtins.int", "builtins.float", "builtins.bool", "builtins.bytes", "builtins.dict",
    "builtins.list", "uuid.UUID", "datetime.datetime", "datetime.date", "datetime.time", "decimal.Decimal",
    "typing.Dict", "typing.List", "typing.Text", "typing.TypedDict", "typing_extensions.TypedDict", "typing.Literal",
    "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "celery.canvas.Signature",
    "celery.Signature", "typing.Mapping", "collections.abc.Mapping", "typing.Sequence", "collections.abc.Sequence",
})  # fmt: skip
TUPLES = frozenset({"builtins.tuple", "typing.Tuple", "typing.NamedTuple"})
_REFUSED = {
    "builtins.set": "a `set`", "builtins.frozenset": "a `frozenset`", "typing.Set": "a `set`",
    "typing.FrozenSet": "a `frozenset`", "typing.AbstractSet": "a `set`", "collections.abc.Set": "a `set`",
    "builtins.complex": "a complex number", "builtins.range": "a `range`", "builtins.bytearray": "a `bytearray`",
    "builtins.memoryview": "a `memoryview`", "builtins.type": "a class", "typing.Type": "a class",
    "builtins.slice": "a `slice`", "builtins.map": "an iterator", "builtins.filter": "an iterator",
    "builtins.zip": "an iterator", "builtins.enumerate": "an iterator", "builtins.open": "an open file",
    "builtins.Exception": "an exception", "builtins.BaseException": "an exception", "typing.IO": "an open file",
    "typing.BinaryIO": "an open file", "typing.TextIO": "an open file", "io.BytesIO": "a `BytesIO`",
    "io.StringIO": "a `StringIO`", "typing.Callable": "a function", "collections.abc.Callable": "a function",
    "typing.Iterator": "an iterator", "collections.abc.Iterator": "an iterator", "typing.Generator": "a generator",
    "collections.abc.Generator": "a generator", "typing.Coroutine": "a coroutine",
    "collections.abc.Coroutine": "a coroutine", "typing.Awaitable": "a coroutine",
    "pathlib.Path": "a `Path`", "pathlib.PurePath": "a `Path`", "pathlib.PosixPath": "a `Path`",
    "datetime.timedelta": "a `timedelta`", "datetime.timezone": "a time zone", "zoneinfo.ZoneInfo": "a time zone",
    "re.Pattern": "a compiled pattern", "logging.Logger": "a logger", "threading.Lock": "a lock",
    "sqlalchemy.orm.Session": "a database session", "sqlalchemy.orm.session.Session": "a database session",
    "sqlalchemy.orm.scoped_session": "a database session", "sqlmodel.Session": "a database session",
    "sqlalchemy.ext.asyncio.AsyncSession": "a database session", "sqlmodel.ext.asyncio.session.AsyncSession":
    "a database session", "sqlalchemy.engine.Engine": "a database engine", "sqlalchemy.Engine": "a database engine",
    "sqlalchemy.ext.asyncio.AsyncEngine": "a database engine", "sqlalchemy.engine.Connection": "a connection",
    "sqlalchemy.Connection": "a connection", "sqlalchemy.engine.Row": "a row", "sqlalchemy.Row": "a row",
    "django.http.HttpRequest": "a request", "django.http.request.HttpRequest": "a request",
    "rest_framework.request.Request": "a request", "flask.Request": "a request", "fastapi.Request": "a request",
    "starlette.requests.Request": "a request", "aiohttp.web.Request": "a request", "sanic.Request": "a request",
    "django.core.handlers.wsgi.WSGIRequest": "a request", "pyramid.request.Request": "a request",
    "fastapi.UploadFile": "an uploaded file", "starlette.datastructures.UploadFile": "an uploaded file",
    "django.core.files.uploadedfile.UploadedFile": "an uploaded file", "django.core.files.File": "a file",
    "fastapi.BackgroundTasks": "a `BackgroundTasks`", "fastapi.WebSocket": "a websocket",
    "django.db.models.QuerySet": "a queryset", "django.db.models.query.QuerySet": "a queryset",
    "django.db.models.Manager": "a manager", "django.db.models.Model": "a Django model",
    "pandas.DataFrame": "a `DataFrame`", "pandas.Series": "a `Series`", "polars.DataFrame": "a `DataFrame`",
    "numpy.ndarray": "an array", "numpy.array": "an array", "torch.Tensor": "a tensor", "PIL.Image.Image": "an image",
    "celery.result.AsyncResult": "an `AsyncResult`", "celery.result.GroupResult": "a `GroupResult`",
    "redis.Redis": "a Redis client", "redis.StrictRedis": "a Redis client", "redis.asyncio.Redis": "a Redis client",
    "requests.Session": "an HTTP session", "requests.Response": "a response", "httpx.Client": "an HTTP client",
    "httpx.AsyncClient": "an HTTP client", "httpx.Response": "a response", "pydantic.BaseModel": "a Pydantic model",
    "pydantic.SecretStr": "a `SecretStr`", "yarl.URL": "a `URL`", "ipaddress.IPv4Address": "an IP address",
    "ipaddress.IPv6Address": "an IP address", "fractions.Fraction": "a `Fraction`",
}  # fmt: skip
_ENUMS = frozenset({"enum.Enum", "enum.Flag"})
_TEXT_ENUMS = {"enum.StrEnum": "a string", "enum.IntEnum": "a number", "enum.IntFlag": "a number"}
_TEXT_BASES = {"builtins.str": "a string", "builtins.int": "a number", "builtins.float": "a number"}
_CHOICES = {"TextChoices": "a string", "IntegerChoices": "a number"}
_DATACLASSES = frozenset({
    "dataclasses.dataclass", "attr.s", "attr.attrs", "attr.define", "attr.frozen", "attrs.define", "attrs.frozen",
    "attrs.mutable", "attr.dataclass", "pydantic.dataclasses.dataclass",
})  # fmt: skip
# Bases that say nothing about how an object is encoded.
_PLAIN = frozenset({"builtins.object", "abc.ABC", "typing.Generic"})


def fate_of_class(found: ClassRef | External, project: Project) -> Fate | None:
    """What becomes of an instance of a class; None when that cannot be told."""
    if isinstance(found, External):
        return _of_external(found)
    kind = model_kind(found, project.symbols)
    if project.symbols.method(found, "__json__") is not None:
        return CARRIED
    name = project.symbols.class_fact(found).name
    if kind is not None:
        return Fate("refused", f"the {kind} `{name}`")
    return _of_lineage(found, name, project)


def _of_external(found: External) -> Fate | None:
    name = found.name
    if name in _CARRIED:
        return CARRIED
    if name in TUPLES:
        return Fate("changed", "a tuple", "a list")
    if name in _REFUSED:
        return Fate("refused", _REFUSED[name])
    if name.startswith("django.") and name.endswith("models.User"):
        return Fate("refused", "the Django model `User`")
    return None


def _of_lineage(found: ClassRef, name: str, project: Project) -> Fate | None:
    lineage = project.symbols.lineage(found)
    bases = [item.name for item in lineage if isinstance(item, External)]
    if "typing.NamedTuple" in bases or "builtins.tuple" in bases:
        return Fate("changed", f"the named tuple `{name}`", "a list")
    mixed = next((_TEXT_ENUMS.get(base) or _CHOICES.get(base.rpartition(".")[2]) for base in bases), None)
    if mixed is not None:
        return Fate("changed", f"the enum `{name}`", mixed)
    if any(base in _ENUMS for base in bases):
        text = next((_TEXT_BASES[base] for base in bases if base in _TEXT_BASES), None)
        return Fate("changed", f"the enum `{name}`", text) if text else Fate("refused", f"the enum `{name}`")
    refused = next((_REFUSED[base] for base in bases if base in _REFUSED), None)
    if refused is not None:
        return Fate("refused", f"`{name}`, {refused},")
    if any(base in _CARRIED for base in bases):
        return CARRIED
    if not _is_plain(lineage, project):
        return None
    kind = "the dataclass" if _is_dataclass(lineage, project) else "an object of the class"
    return Fate("refused", f"{kind} `{name}`")


def _is_plain(lineage: tuple[ClassRef | External, ...], project: Project) -> bool:
    """Whether all bases are seen, and none of them says how to be encoded."""
    for item in lineage:
        if isinstance(item, External):
            if item.name not in _PLAIN:
                return False
            continue
        bases = [base for base in project.symbols.class_fact(item).bases if base.keyword is None]
        if len(list(project.symbols.bases(item))) < len(bases) or len(bases) < len(
            project.symbols.class_fact(item).bases
        ):
            return False
    return True


def _is_dataclass(lineage: tuple[ClassRef | External, ...], project: Project) -> bool:
    for item in lineage:
        if isinstance(item, ClassRef):
            for decorator in project.symbols.class_fact(item).decorators:
                callee = decorator.callee if isinstance(decorator, Call) else decorator
                if project.symbols.external(item.path, callee) in _DATACLASSES:
                    return True
    return False
