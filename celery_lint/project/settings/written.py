"""LINK: settings as they are written, whatever Celery makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.celery_versions import table
from celery_lint.finding import Location, Span
from celery_lint.project.code.values import Placed

if TYPE_CHECKING:
    from celery_lint.project.model import App

SourceKind = Literal["attribute", "item", "update", "constructor", "module", "class", "dict", "django", "flask"]

# What stands on the application itself; the others are configuration objects that it is pointed to.
_ON_APP = frozenset({"attribute", "item", "update", "constructor"})


class SettingSource(Struct, frozen=True):
    """Something that settings are written in: an app's `conf`, or an object given to `config_from_object`.

    KIND "flask" is all of the configuration of a Flask application, put on the app. PLACE is what messages call it.
    GIVEN_AT is the call of `config_from_object` (or the constructor) that names it,
    None for what stands on the app. NAMESPACE is the prefix that call gives; NAMESPACE_OPEN: it gives one that
    cannot be read.
    """

    kind: SourceKind
    place: str
    namespace: str | None = None
    given_at: Location | None = None
    namespace_open: bool = False

    @property
    def on_app(self) -> bool:
        """Whether it is the application's own `conf`: nothing but settings is written there."""
        return self.kind in _ON_APP


class WrittenSetting(Struct, frozen=True, eq=False):
    """One setting where it is written.

    SPELT is its name as written (with a namespace), NAME the new-style name that it means; None when Celery (of any
    release) has no such setting. IS_READ: Celery looks at a setting of that spelling there. NAME_SPAN covers the name,
    or more: quotes, a value. LOCATION is the whole of it, VALUE what it is given. APPS are those it is for.
    """

    spelt: str
    name: str | None
    source: SettingSource
    location: Location
    name_span: Span
    value: Placed
    is_read: bool = True
    apps: tuple[App, ...] = ()

    @property
    def entity(self) -> str:
        """What findings about this setting are about."""
        return f"setting:{self.name or self.spelt}"

    @property
    def bare(self) -> str:
        """The name as written without the namespace of its source."""
        return stripped(self.spelt, self.source) or self.spelt


def meaning(spelt: str, namespace: str | None = None) -> str | None:
    """The new-style name that SPELT means in whatever spelling; None when Celery does not know it."""
    known = table()
    if spelt in known.settings:
        return spelt
    old = known.old_settings.get(spelt)
    if old is not None:
        return old
    lower = spelt.lower()
    for prefix in filter(None, (namespace, "CELERY")):
        without = lower.removeprefix(f"{prefix.lower().rstrip('_')}_")
        if without in known.settings:
            return without
    return lower if lower in known.settings else None


def stripped(spelt: str, source: SettingSource) -> str | None:
    """SPELT as the name Celery sees in SOURCE, without its namespace; None when Celery does not look at it.

    Old names count under any namespace, new ones without it everywhere but in Django's settings, which hide names in
    small letters. (Reproduced on Celery 5.7.)
    """
    namespace = source.namespace
    if not namespace or spelt in table().old_settings:
        return spelt
    prefix = namespace if namespace.endswith("_") else f"{namespace}_"
    bare = spelt.removeprefix(prefix)
    if bare != spelt:
        return bare if bare == (bare.upper() if prefix.isupper() else bare.lower()) else None
    return spelt if spelt in table().settings and source.kind != "django" else None


def is_read(spelt: str, source: SettingSource) -> bool:
    """Whether Celery looks at a setting that it knows by the name SPELT in SOURCE."""
    known = table()
    if spelt in known.old_settings:
        return True
    if spelt in known.settings:
        return source.kind != "django"
    bare = stripped(spelt, source)
    return source.namespace_open or (bare is not None and bare != spelt and bare.lower() in known.settings)


def merged(found: Iterable[tuple[App, WrittenSetting]]) -> tuple[WrittenSetting, ...]:
    """The settings of all applications, each place once, with all the applications it is for."""
    apps: dict[tuple[Location, str], list[App]] = {}
    first: dict[tuple[Location, str], WrittenSetting] = {}
    for app, setting in found:
        key = (setting.location, setting.spelt)
        known = first.setdefault(key, setting)
        if setting.is_read and not known.is_read:
            first[key] = setting
        if app not in apps.setdefault(key, []):
            apps[key].append(app)
    return tuple(replace(first[key], apps=tuple(apps[key])) for key in sorted(first))
