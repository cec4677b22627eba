"""CEL806: passwords in the addresses of brokers and result backends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from celery_lint.facts.model import Call, Literal
from celery_lint.finding import Finding, Location
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import CeleryCommand
from celery_lint.project.project import Project
from celery_lint.project.settings.names import is_for_development
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.rule import HIGH, WARNING, rule

_ADDRESSES = frozenset({"broker_url", "broker_read_url", "broker_write_url", "result_backend", "database_url"})
_LOCAL = re.compile(r"^(?:localhost|127\.|0\.0\.0\.0|::1|host\.docker\.internal|example\.)|\.(?:local|example|test)$")
_DOMAIN = re.compile(r"@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}$", re.IGNORECASE)
# What stands for a password in examples.
_PLACEHOLDER = re.compile(
    r"[<>{}$*%]|^(?:guest|admin|root|user(?:name)?|pass(?:w(?:or)?d)?|secret|change-?_?me|example|test(?:ing)?|dev|local|"
    r"postgres|redis|rabbit(?:mq)?|celery|default|xxx+|\.+|your.*|my.*|some.*|token|key)$",
    re.IGNORECASE,
)


@rule("CEL806", "credentials-in-broker-url", since="0.1", severity=WARNING, confidence=HIGH, security=6.5)
def check(project: Project) -> Iterator[Finding]:
    """The password of the broker or the result backend stands in the code."""
    for setting in project.written_settings:
        if setting.name in _ADDRESSES and not is_for_development(project, setting):
            yield from _setting(setting, project)
    for command in project.commands:
        yield from _command(command)


def _setting(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    for placed in project.evaluator.items(setting.value) or [setting.value]:
        written = project.evaluator.follow(placed)
        url = _literal(written)
        hidden = _without_password(url) if url is not None else _in_default(written, project)
        if hidden is not None:
            yield check.finding(
                f"the password in `{setting.spelt}` stands in the code (`{hidden}`): everyone who can read the "
                "repository, and its history, has it; take the address from the environment",
                Location(written.path, written.span),
                setting.entity,
            )


def _literal(placed: Placed) -> str | None:
    """The text, when it is written out: no default of a variable, no value put together."""
    value = placed.value
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None


def _in_default(written: Placed, project: Project) -> str | None:
    """The password of `os.getenv("BROKER_URL", "redis://:…@redis.corp.net")`: a server with a domain is nobody's own
    machine, nor a container beside this one."""
    known = project.evaluator.text(written) if isinstance(written.value, Call) else None
    hidden = _without_password(known.value) if isinstance(known, Known) and known.from_environment else None
    return hidden if hidden is not None and _DOMAIN.search(hidden) else None


def _command(command: CeleryCommand) -> Iterator[Finding]:
    for name in ("broker", "result_backend"):
        word = command.invocation.options.get(name)
        hidden = _without_password(word.text) if word is not None and word.text is not None else None
        if word is not None and hidden is not None and word.template is None:
            yield check.finding(
                f"the password in `--{name.replace('_', '-')}` stands in the command (`{hidden}`), where every process "
                "list shows it; take the address from the environment",
                Location(command.location.path, word.span),
                command.entity,
            )


def _without_password(url: str) -> str | None:
    """URL with stars for its password; None when it holds none that matters."""
    try:
        parts = urlsplit(url.partition(";")[0])
        password, host = parts.password, parts.hostname or ""
    except ValueError:
        return None
    if not password or _PLACEHOLDER.search(unquote(password)) or _LOCAL.search(host) or password == parts.username:
        return None
    # `sqs://key:secret@` has no host.
    if "$" in url or "{" in url or not (host or parts.scheme == "sqs"):
        return None
    return f"{parts.scheme}://{parts.username or ''}:***@{host}"
