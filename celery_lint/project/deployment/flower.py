"""LINK: how flower is started: what protects it, and who reaches it."""

from __future__ import annotations

import re

from celery_lint.facts.model import Word
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.deployment.purposes import is_for_development
from celery_lint.project.model import CeleryCommand
from celery_lint.project.project import Project

_PROTECTS = frozenset({
    "basic-auth", "auth", "auth-provider", "oauth2-key", "oauth2-redirect-uri", "certfile", "ca-certs",
})  # fmt: skip
_PROTECTING = Pattern(rb"FLOWER_(?:BASIC_AUTH|AUTH|OAUTH2_KEY)\b")
_CONFIGURES = Pattern(rb"^[ \t]*(?:basic_auth|auth|auth_provider|oauth2_key)\s*=", re.MULTILINE)
_HERE = ("127.0.0.1", "localhost", "::1", "[::1]")
_PORT = "5555"


def options(command: CeleryCommand) -> dict[str, str | None] | None:
    """The options of flower by name, with `-` for `_`, from the line and the environment; a value that cannot be seen
    is None. None when there may be more options than are written."""
    found: dict[str, str | None] = {}
    for name, value in command.command.environment.items():
        if name.startswith("FLOWER_"):
            found[_plain(name.removeprefix("FLOWER_"))] = value
    words = command.command.words
    for word, following in zip(words, (*words[1:], None), strict=True):
        text = word.text if word.text is not None else word.prefix
        if word.text is None and not text:
            return None
        if text.startswith("--"):
            name, equals, value = text[2:].partition("=")
            found[_plain(name)] = value if word.text is not None and equals else _following(word, following)
    return found


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _following(word: Word, following: Word | None) -> str | None:
    """The value of an option that is the next word."""
    return following.text if word.text is not None and following is not None else None


def is_protected(given: dict[str, str | None], project: Project) -> bool:
    """Whether flower asks who comes: by an option, or by a configuration file, which may not be seen."""
    if any(name in _PROTECTS and value != "" for name, value in given.items()):
        return True
    file = given.get("conf", "flowerconfig.py")
    name = file.rpartition("/")[2] if file is not None else None
    paths = [path for path in project.files.paths if path.rpartition("/")[2] == name]
    if not paths:
        return "conf" in given
    return any(project.files.mentions(path, _CONFIGURES) for path in paths)


def may_be_protected(command: CeleryCommand, project: Project) -> bool | None:
    """Whether a file of the environment protects flower: None when there is such a file and it cannot be seen."""
    files = command.command.env_files
    if not files:
        return False
    names = {path.rpartition("/")[2] for path in files}
    similar = [path for path in project.files.paths if any(path.rpartition("/")[2].startswith(name) for name in names)]
    if any(project.files.mentions(path, _PROTECTING) for path in similar):
        return True
    return False if all(path in project.files.known for path in files) else None


def reached_by(command: CeleryCommand, given: dict[str, str | None]) -> str | None:
    """How flower is reached from outside, as messages say it; None when it is not, or nothing tells."""
    run = command.command
    if given.get("address") in _HERE:
        return None
    if run.kind == "compose":
        port = given.get("port", _PORT)
        open_ports = [each for each in run.ports if not each.startswith(_HERE) and _is_port(each, port)]
        return f"the published port `{open_ports[0]}`" if open_ports else None
    if run.kind in ("procfile", "platform"):
        return "its web address" if run.service == "web" else None
    if run.kind in ("systemd", "supervisor"):
        return f"port {given.get('port', _PORT) or _PORT} of the machine"
    return None


def _is_port(published: str, port: str | None) -> bool:
    """Whether a published port leads to the port PORT of the container; what cannot be seen may."""
    target = published.partition("/")[0].rpartition(":")[2]
    low, _, high = target.partition("-")
    if (
        port is None
        or len(port + target) > 40
        or not (low.isdecimal() and port.isdecimal() and (high or low).isdecimal())
    ):
        return True
    return int(low) <= int(port) <= int(high or low)


def is_mild(command: CeleryCommand) -> bool:
    """Whether it is only for a developer, or behind what stands before the machine."""
    return is_for_development(command.command) or command.command.kind in ("systemd", "supervisor")
