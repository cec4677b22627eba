"""Where a file of the repository is on the site, and links between such places."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

# Pages that are files of the repository, and stand under another name on the site.
RENAMED = {
    "README.md": "index.md",
    "rules/README.md": "rules/index.md",
    "tests/evidence/README.md": "evidence.md",
    "benchmarks/README.md": "benchmarks.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
SOURCES = "source/"

_FENCE = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2[`~]*[ \t]*$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(\]\()(<?)([^)\s>]+)(>?)((?:\s+\"[^\"]*\")?\))")


class BrokenLinkError(Exception):
    """A page leads to a file that the repository does not have."""


def repository() -> str | None:
    """The address of the repository: `Repository` in `[project.urls]`, its only place. None as long as it has none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address: str | None = project.get("urls", {}).get("Repository")
    return address.rstrip("/") if address else None


def site_path(path: str) -> str | None:
    """The page of the site that the file PATH of the repository is; None when it is none of its own."""
    if path in RENAMED:
        return RENAMED[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path.startswith("celery_lint/schemas/"):
        return path.removeprefix("celery_lint/")
    return path if re.fullmatch(r"rules/\w+/[\w-]+\.md", path) else None


def source_path(path: str) -> str:
    """The page of the site that shows the file or folder PATH of the repository as it is."""
    # MkDocs leaves out what begins with a dot.
    shown = re.sub(r"(?<![^/])\.", "dot-", path)
    return f"{SOURCES}{shown}/index.md" if (ROOT / path).is_dir() else f"{SOURCES}{shown}.md"


def relative(target: str, page: str) -> str:
    """The way from the page PAGE of the site to TARGET."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def outside_fences(text: str, change: Callable[[str], str]) -> str:
    """TEXT with CHANGE made to all that is not in a fenced block."""
    parts, end = [], 0
    for fence in _FENCE.finditer(text):
        parts += [change(text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join((*parts, change(text[end:])))


def relink(text: str, source: str, page: str, wanted: Callable[[str], None]) -> str:
    """TEXT of the repository's file SOURCE with its links made to lead on from PAGE of the site. WANTED is told which
    other files of the repository it leads to.

    Raises BrokenLinkError for a link to what the repository does not have.
    """

    def led(match: re.Match[str]) -> str:
        start, left, target, right, end = match.groups()
        return f"{start}{left}{_led(target, source, page, wanted)}{right}{end}"

    return outside_fences(text, lambda part: _LINK.sub(led, part))


def _led(target: str, source: str, page: str, wanted: Callable[[str], None]) -> str:
    if re.match(r"[a-z][a-z+.-]*:|#", target):
        return target
    way, sign, fragment = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), way))
    if path == "docs":
        path = "docs/index.md"
    if path == "rules":
        path = "rules/README.md"
    if not (ROOT / path).exists():
        raise BrokenLinkError(f"{source}: there is no {path}")
    goal = site_path(path)
    if goal is None:
        wanted(path)
        goal = source_path(path)
    return relative(goal, page) + sign + fragment
