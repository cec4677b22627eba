"""Shells that stand between a container and its worker: what is written around a command of Celery."""

from __future__ import annotations

import re

from msgspec import Struct

from celery_lint.facts.model import Command
from celery_lint.source import Source

_YAML = (".yml", ".yaml", ".yml.j2", ".yaml.j2", ".tpl")
_SHELL = re.compile(rb"(?:^|[\s\"'\[/-])((?:ba|da|a|z|k)?sh)[\"']?,?\s*(?:-\s+)?[\"']?-[a-z]*c\b")
_INSTRUCTION = re.compile(rb"\s*(?:CMD|ENTRYPOINT)\s+(?:[^\n]*(?:&&|;)\s*)?\Z")
_BEFORE_IN_TEXT = re.compile(rb"(?:\A|[\"']|&&|;|\n|[>|][+-]?)\s*\Z")
_AFTER = re.compile(rb"[ \t]*(?:(?:[12]?>>?|#)[^\n]*)?(?:\r?\n|\Z)")
_AFTER_IN_TEXT = re.compile(rb"[ \t]*(?:[\"'][^\n]*)?(?:\r?\n|\Z)")
_BACKGROUND = re.compile(rb"[^\n|;]*[^&\n|;>]&[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_CLOSES = re.compile(rb"(?:fi|esac|done|;;|#.*)?")
_OTHER_BRANCH = re.compile(rb"(?:else|elif)\b|;;")
_LAST_END = re.compile(rb"(?m)^[ \t]*(?:fi|esac)\b.*$")
_FUNCTION = re.compile(rb"(?m)^[ \t]*(?:function\s+)?(\w+)\s*\(\)")
_TRAP = re.compile(rb"(?m)^[ \t]*trap\b")
_NO_FORK = re.compile(rb"(?im)^[ \t]*FROM\s.*(?:alpine|busybox)|^[ \t]*SHELL\b")


class Standing(Struct, frozen=True):
    """How a worker stands in its shell: BEHIND it in the background, or in front of it; whether `exec` can be put
    there, and if not WHY_NOT."""

    background: bool
    why_not: str | None = None


def standing(command: Command, source: Source) -> Standing | None:
    """How the shell of COMMAND runs it; None where the shell makes room for it, or where that cannot be told."""
    words = [word for word in command.words if word.span.start < word.span.end]
    if not words or command.execs:
        return None
    before = source.data[: words[0].span.start]
    after = source.data[max(word.span.end for word in words) :]
    name = source.path.rpartition("/")[2].lower()
    if name.endswith(_YAML):
        return _in_text(before, after)
    if "dockerfile" in name or "containerfile" in name:
        return _in_dockerfile(before, after, source)
    return _in_script(before, after, source)


def _in_text(before: bytes, after: bytes) -> Standing | None:
    """`sh -c "…"` in YAML. `bash -c` replaces itself by the last command; dash, Debian's `sh`, does not."""
    shells = _SHELL.findall(before[-600:])
    if not shells or shells[-1] not in (b"sh", b"dash") or _AFTER_IN_TEXT.match(after) is None:
        return None
    return Standing(False) if _BEFORE_IN_TEXT.search(before[-40:]) is not None else None


def _in_dockerfile(before: bytes, after: bytes, source: Source) -> Standing | None:
    """The shell form of CMD. The `sh` of Alpine replaces itself by the last command."""
    line = before[before.rfind(b"\n") + 1 :]
    if _NO_FORK.search(source.data) or _INSTRUCTION.match(line) is None or _AFTER.match(after) is None:
        return None
    return Standing(False)


def _in_script(before: bytes, after: bytes, source: Source) -> Standing | None:
    line = before[before.rfind(b"\n") + 1 :]
    if line.strip() or _TRAP.search(source.data):
        return None
    if _BACKGROUND.match(after) or _is_called_in_background(before, source):
        return Standing(True, "several processes in one container need something that starts and stops them")
    end = _AFTER.match(after)
    if end is None:
        return None
    if _FUNCTION.search(source.data):
        return Standing(False, "the script has functions, and `exec` would end it")
    return Standing(False, "the script goes on after the worker" if _goes_on(after[end.end() :]) else None)


def _is_called_in_background(before: bytes, source: Source) -> bool:
    """Whether the script calls the function that the command stands in with `&`."""
    names: list[bytes] = _FUNCTION.findall(before)
    calls = re.finditer(rb"(?m)^[ \t]*" + re.escape(names[-1]) + rb"\b(?!\s*\()", source.data) if names else ()
    return any(_BACKGROUND.match(source.data, call.end() - 1) for call in calls)


def _goes_on(text: bytes) -> bool:
    """Whether the script TEXT, which stands behind the worker, runs more than other branches."""
    for line in text.splitlines():
        stripped = line.strip()
        if _OTHER_BRANCH.match(stripped):
            ends = list(_LAST_END.finditer(text))
            rest = text[ends[-1].end() :].split() if ends else [b"?"]
            return bool(rest)
        if _CLOSES.fullmatch(stripped) is None:
            return True
    return False
