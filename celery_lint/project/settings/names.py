"""LINK: what a setting that Celery does not know was meant to be, and what else uses its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from celery_lint.celery_versions import RELEASES, Table, plugins, table
from celery_lint.finding import Span
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.nearest import misspelt
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.remedy import Replacement

if TYPE_CHECKING:
    from celery_lint.project.project import Project

# How the names of settings that are about one thing start.
PREFIXES = ("task_", "worker_", "broker_", "result_", "beat_")
_OLD_PREFIXES = ("celery_", "celeryd_", "celerybeat_")
# Names of plugins that are not known one by one.
_PLUGIN_NAMES = re.compile(
    r"^(?:redbeat|singleton|beat_mongo|mongodb_scheduler|once|django_celery|flower|sentry)(?:_|$)"
)
# What people write that no Celery has ever read, and what to do instead.
_FAKES = {
    "task_max_retries": "give each task `max_retries=`, or a base class with that attribute",
    "task_default_max_retries": "give each task `max_retries=`, or a base class with that attribute",
    "task_default_retry_delay": "give each task `default_retry_delay=`, or a base class with that attribute",
    "task_retry_delay": "give each task `default_retry_delay=`, or a base class with that attribute",
    "task_autoretry_for": "give each task `autoretry_for=`",
    "task_retry_kwargs": "give each task `retry_kwargs=`",
    "task_retry_backoff": "give each task `retry_backoff=`",
    "task_retry_backoff_max": "give each task `retry_backoff_max=`",
    "task_retry_jitter": "give each task `retry_jitter=`",
    "task_default_base": "give the application `task_cls=`",
}  # fmt: skip
# The same for what old Celery had, under a name that it would have today.
_GONE = {
    "task_queue_ha_policy": "mirrored queues are set up in RabbitMQ, with a policy",
    "task_send_error_emails": "Celery sends no mails since 4.0; log errors, or use a signal",
}
_SHORT = {"broker": "broker_url", "backend": "result_backend"}


class Meant(Struct, frozen=True):
    """What an unknown name stands for: the new-style setting NAME, or, where that is None, the ADVICE what to do.
    IS_GONE: Celery had it once."""

    name: str | None
    advice: str = ""
    is_gone: bool = False


def is_of_plugin(setting: WrittenSetting) -> bool:
    """Whether a package beside Celery reads the setting."""
    names = {name.lower() for plugin in plugins() for name in (*plugin.settings, *plugin.django_settings)}
    spellings = {setting.spelt.lower(), setting.bare.lower()}
    return bool(spellings & names) or any(_PLUGIN_NAMES.match(name) for name in spellings)


def meant(setting: WrittenSetting, known: Table) -> Meant | None:
    """What a setting that Celery does not know was meant to be; None when nothing tells."""
    bare = setting.bare.lower()
    for name in (setting.spelt, setting.spelt.upper(), f"CELERY_{bare.upper()}"):
        if name in known.removed_settings:
            gone = known.removed_settings[name]
            return Meant(None, f"it went with Celery {gone.removed}{_instead(gone.replacement)}", is_gone=True)
    if bare in _GONE:
        return Meant(None, _GONE[bare], is_gone=True)
    if bare in _FAKES:
        return Meant(None, _FAKES[bare])
    found = _SHORT.get(bare) or _misspelt(setting, known) or _other_prefix(bare, known)
    return Meant(found) if found is not None else None


def _instead(replacement: str) -> str:
    return f"; use `{replacement}`" if replacement else ""


def _misspelt(setting: WrittenSetting, known: Table) -> str | None:
    found = misspelt(setting.bare.lower(), known.settings)
    if found is not None or not setting.spelt.isupper():
        return found
    old = misspelt(setting.spelt, known.old_settings)
    return known.old_settings[old] if old is not None else None


def _other_prefix(bare: str, known: Table) -> str | None:
    """`time_limit`, `worker_time_limit`, `celery_time_limit`: the one setting that ends so."""
    rest = next((bare.removeprefix(prefix) for prefix in (*_OLD_PREFIXES, *PREFIXES) if bare.startswith(prefix)), bare)
    if "_" not in rest and rest != "concurrency":
        return None
    if rest in known.settings:
        return rest
    found = [prefix + rest for prefix in PREFIXES if prefix + rest in known.settings and prefix + rest != bare]
    return found[0] if len(found) == 1 else None


def first_release(name: str) -> str | None:
    """The first release that has the setting NAME; None when all have it."""
    having = next((release for release in RELEASES if name in table(release).settings), None)
    return having if having != RELEASES[0] else None


# spelling it another way


def spelling(setting: WrittenSetting, name: str) -> str:
    """How the setting NAME is written where SETTING is."""
    if setting.source.on_app:
        return name
    namespace = setting.source.namespace
    if namespace:
        prefix = namespace if namespace.endswith("_") else f"{namespace}_"
        return prefix + (name.upper() if prefix.isupper() else name)
    if setting.spelt.isupper() or setting.source.kind == "django":
        old = table().settings[name].old
        return old[0] if old else name.upper()
    return name


def renamed(project: Project, setting: WrittenSetting, spelt: str) -> Replacement | None:
    """The edit that makes the name of SETTING be SPELT; None when it is not written out, or a value of a setting reads
    it."""
    if any(_reads(project, each, setting.spelt) for each in project.written_settings):
        return None
    path, span = setting.location.path, setting.name_span
    text = project.files.data(path)[span.start : span.end]
    found = re.search(rb"(?<!\w)" + re.escape(setting.spelt.encode()) + rb"(?!\w)", text)
    if found is None:
        return None
    at = Span(span.start + found.start(), span.start + found.end())
    return Replacement(at, setting.spelt, spelt)


def _reads(project: Project, setting: WrittenSetting, name: str) -> bool:
    """Whether the value of SETTING reads the variable NAME: `CELERY_LIMIT = CELERY_SOFT_LIMIT + 60`."""
    text = project.files.data(setting.location.path)[setting.value.span.start : setting.value.span.end]
    return re.search(rb"(?<![\w.\"'])" + re.escape(name.encode()) + rb"(?![\w\"'])", text) is not None


# what else uses a name


def is_used_elsewhere(project: Project, setting: WrittenSetting) -> bool:
    """Whether the name of SETTING stands anywhere but where settings of that name are written: then the project reads
    it itself, or may. What stands on an application is read as `conf.name` or `conf["name"]`.

    A use in the value of another setting that nobody reads is none.
    """
    same = [each for each in project.written_settings if each.spelt == setting.spelt]
    if setting.source.on_app:
        return setting.spelt not in _SHORT and any(uses(project, setting.spelt, same, rb"[.\"']"))
    if not any(uses(project, setting.spelt, same)):
        return False
    others = [each for each in project.written_settings if each.name is None and each.spelt.startswith("CELERY")]
    dead = [each for each in others if not any(uses(project, each.spelt, [each]))]
    return any(uses(project, setting.spelt, [*same, *dead]))


def uses(project: Project, name: str, written: Iterable[WrittenSetting], before: bytes = rb"\b") -> Iterator[str]:
    """The Python files that hold NAME, with BEFORE (a pattern) before it, outside of the places where it is WRITTEN;
    tests do not count."""
    word = re.compile(before + re.escape(name.encode()) + rb"\b")
    spans: dict[str, list[Span]] = {}
    for each in written:
        spans.setdefault(each.location.path, []).extend((each.location.span, each.value.span))
    for path in project.files.holding(name):
        own = spans.get(path, [])
        for found in word.finditer(project.files.data(path)):
            if not any(span.contains(Span(*found.span())) for span in own):
                yield path
                break


# what a file is for

_TESTS = re.compile(r"(?:^|[._/-])(?:tests?|testing|ci|pytest|unittest)(?:$|[._/-])", re.IGNORECASE)
_DEVELOPMENT = re.compile(
    r"(?:^|[._/-])(?:dev|devel|develop|development|local|localhost|debug|sandbox|demo|docker_compose)(?:$|[._/-])",
    re.IGNORECASE,
)


def is_for_tests(project: Project, setting: WrittenSetting) -> bool:
    """Whether the file or class that holds SETTING is for tests by its name."""
    return _is_named(project, setting, _TESTS)


def is_for_development(project: Project, setting: WrittenSetting) -> bool:
    """Whether the file or class that holds SETTING is for tests or for a developer's machine by its name."""
    return is_for_tests(project, setting) or _is_named(project, setting, _DEVELOPMENT)


def _is_named(project: Project, setting: WrittenSetting, pattern: re.Pattern[str]) -> bool:
    path = setting.location.path
    owner = project.symbols.enclosing_class(path, setting.value.block)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", project.symbols.class_fact(owner).name) if owner is not None else ""
    return is_aside(path) or any(pattern.search(part.removesuffix(".py")) for part in (*path.split("/"), name))


def is_conditional(project: Project, setting: WrittenSetting) -> bool:
    """Whether SETTING holds only under a condition that the code asks about."""
    index = project.index(setting.location.path)
    return any(
        index.block(number).kind in ("if", "else", "case", "try", "except") for number in index.up(setting.value.block)
    )
