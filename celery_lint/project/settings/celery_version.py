"""LINK: which Celery the project runs on: as configured, as locked, or as its dependencies allow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from celery_lint.celery_versions import LATEST, RELEASES, Table, table, version_numbers
from celery_lint.project.code.files import Files, is_aside
from celery_lint.settings import Settings

Numbers = tuple[int, ...]

CONFIGURATION = "the configuration"

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
_ENDINGS = (".lock", ".toml", ".txt", ".in", ".pip", ".py", ".cfg", "pipfile", ".yml", ".yaml")
_LOCKED = re.compile(r'^name = "celery"\r?\nversion = "([^"]+)"', re.MULTILINE)
_PIPENV_LOCKED = re.compile(r'"celery":\s*\{[^{}]*?"version":\s*"==([^"]+)"')
_CLAUSES = r"(?:(?:===?|~=|!=|<=|>=|<|>)\s*[\w.*+!]+(?:\s*,\s*)?)+"
# A line of requirements, or a string in pyproject.toml, setup.py, setup.cfg; conda writes a single `=`.
_REQUIREMENT = re.compile(
    rf"""(?:^[ \t]*(?:-[ \t]+)?|["'])celery(?:\[[^\]\n]*\])?[ \t]*(?:\([ \t]*)?({_CLAUSES}|=[\d.*]+)""",
    re.MULTILINE | re.IGNORECASE,
)
# `celery = "^5.3"`, `celery = {version = "^5.3", extras = ["redis"]}`: Poetry and Pipenv.
_TABLE = re.compile(r"""^celery\s*=\s*(?:\{[^}\n]*?\bversion\s*=\s*)?["']([\^~<>=!]*\s*\d[^"'\n]*)["']""", re.MULTILINE)
_SECTION = re.compile(
    r"""^\[tool\.poetry\.[\w.-]*dependencies\.celery\](?:\n(?!\[)[^\n]*)*?\nversion\s*=\s*"([^"]+)\"""", re.M
)
_CLAUSE = re.compile(r"(===?|~=|!=|<=|>=|<|>|\^|~|=)?\s{0,9}v?(\d+(?:\.\d+)*)(\.\*)?")
_ENDLESS = 10**6


class CeleryRelease(Struct, frozen=True, dict=True):
    """The Celery of a project.

    VERSION is as written there (`5.3.6`, or `>=5.3,<6` for a range), None when nothing says it; ORIGIN is where
    (`uv.lock:12`). NUMBERS is what to judge by: the newest release that a range allows and that is known.
    """

    version: str | None
    origin: str
    numbers: tuple[int, int]

    @cached_property
    def table(self) -> Table:
        """What that release knows; the nearest one with a table."""
        return table(".".join(map(str, self.numbers)))

    def at_least(self, release: str) -> bool:
        """Whether the project runs on RELEASE (`5.7`) or a newer one."""
        return self.numbers >= (version_numbers(release) or (0, 0))

    @property
    def is_known(self) -> bool:
        """Whether something says which Celery it is; else the newest is taken."""
        return self.version is not None

    @property
    def is_configured(self) -> bool:
        """Whether the configuration says it."""
        return self.origin == CONFIGURATION

    def __str__(self) -> str:
        """`Celery 5.3.6 (uv.lock:12)`, for people."""
        if self.version is None:
            return f"Celery {LATEST} is assumed: nothing says which one the project runs on (`celery-version` may)"
        if self.version[0].isdigit():
            return f"Celery {self.version} ({self.origin})"
        return f"Celery {'.'.join(map(str, self.numbers))} (celery{self.version} in {self.origin})"


class _Mention(Struct, frozen=True):
    """A place that says which Celery is wanted; RANK 0 is a lock, 1 an exact version, 2 a range."""

    rank: int
    path: str
    line: int
    clauses: str

    @property
    def folder(self) -> str:
        """The folder it is for."""
        head, _, last = self.path.rpartition("/")[0].rpartition("/")
        return head if last.startswith("requirement") else f"{head}/{last}".lstrip("/")

    @property
    def is_for_development(self) -> bool:
        """Whether no worker is installed from it, by its name."""
        return re.search(r"dev|test|doc|lint|ci\b|local", self.path.rpartition("/")[2]) is not None

    @property
    def order(self) -> tuple[int, str, int]:
        """Where it stands."""
        return self.path.count("/"), self.path, self.line


def find_release(files: Files, options: Settings, apps: Sequence[str] = ()) -> CeleryRelease:
    """The Celery of a project: what the configuration says, else a lock, else an exact requirement, else a range.

    APPS are paths of the files that make applications: in a repository of several projects, what is said nearest to
    them counts.
    """
    if options.celery_version is not None:
        numbers = version_numbers(options.celery_version)
        return CeleryRelease(options.celery_version, CONFIGURATION, numbers or _numbers(LATEST))
    found = [mention for path in files.paths for mention in _mentions(path, files)]
    if not found:
        return CeleryRelease(None, "", _numbers(LATEST))
    best = min(found, key=lambda each: (-_nearness(each.folder, apps), each.rank, each.is_for_development, each.order))
    written = best.clauses.strip()
    exact = re.fullmatch(r"(?:={1,3})?\s*v?(\d[\w.]*)", written)
    origin = f"{best.path}:{best.line}"
    if exact is not None:
        return CeleryRelease(exact[1], origin, _numbers(exact[1]))
    return CeleryRelease(re.sub(r"\s+", "", written), origin, newest_allowed(written))


def _numbers(version: str) -> tuple[int, int]:
    return version_numbers(version) or (5, 0)


def _nearness(folder: str, apps: Sequence[str]) -> int:
    """How deep FOLDER is among those around an application; -1 when it is around none."""
    depth = folder.count("/") + 1 if folder else 0
    if any(not folder or app.startswith(f"{folder}/") for app in apps):
        return depth
    return -1 if apps else 0


# what is written


def _mentions(path: str, files: Files) -> Iterator[_Mention]:
    name = path.rpartition("/")[2].lower()
    if not name.endswith(_ENDINGS) or (name.endswith(".py") and name != "setup.py") or is_aside(path):
        return
    if name in _LOCKS or name == "pipfile.lock":
        pattern = _PIPENV_LOCKED if name == "pipfile.lock" else _LOCKED
        yield from _found(0, pattern, path, files)
    elif name in ("pyproject.toml", "setup.py", "setup.cfg", "pipfile") or _is_requirements(path, name):
        yield from _found(2, _REQUIREMENT, path, files)
        if name in ("pyproject.toml", "pipfile"):
            yield from _found(2, _TABLE, path, files)
            yield from _found(2, _SECTION, path, files)


def _is_requirements(path: str, name: str) -> bool:
    if name.startswith("environment") and name.endswith((".yml", ".yaml")):
        return True
    folder = path.rpartition("/")[0].rpartition("/")[2]
    about = any(word in each for each in (name, folder) for word in ("requirement", "constraint"))
    return about and name.endswith((".txt", ".in", ".pip"))


def _found(rank: int, pattern: re.Pattern[str], path: str, files: Files) -> Iterator[_Mention]:
    data = files.data(path)
    if b"elery" not in data and b"e\0l\0e\0r\0y" not in data:
        return
    text = _decoded(data)
    for match in pattern.finditer(text):
        start = text.rfind("\n", 0, match.start(1)) + 1
        if "#" in text[start : match.start(1)]:
            continue
        clauses = match[1].strip().rstrip(",")
        is_exact = re.fullmatch(r"={1,3}\s*[\d.]+", clauses) is not None
        yield _Mention(1 if rank and is_exact else rank, path, text.count("\n", 0, match.start(1)) + 1, clauses)


def _decoded(data: bytes) -> str:
    """A file of requirements as text: PowerShell's `pip freeze > …` writes UTF-16."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return data.decode(encoding, "replace")


# what a range allows


def newest_allowed(written: str) -> tuple[int, int]:
    """The newest known release that the clauses WRITTEN (`>=5.3,<6`, `^5.3`) allow; where none is known, the newest
    or oldest one they speak of."""
    low: Numbers = ()
    high: Numbers = (_ENDLESS,)
    excludes_high = False
    for sign, version, star in _CLAUSE.findall(written.split(";")[0].split("||")[-1]):
        numbers = _trimmed(tuple(map(int, version.split("."))), sign)
        if sign in (">=", ">", "^", "~", "~=", "==", "=", "===", ""):
            low = max(low, numbers)
        end = _end(sign, numbers, bool(star))
        if end is not None and end < high:
            high, excludes_high = end, sign != "<="
    known = [_numbers(release) for release in RELEASES]
    for major, minor in reversed(known):
        below = high > (major, minor) if excludes_high else high >= (major, minor)
        if below and low <= (major, minor, _ENDLESS):
            return major, minor
    if high <= known[0]:
        # `<5`: some release of the line before.
        if len(high) > 2:
            return high[0], high[1]
        return (high[0], high[1] - 1) if len(high) > 1 and high[1] else (high[0] - 1, 99)
    return (low[0], low[1] if len(low) > 1 else 0) if low > known[-1] else known[-1]


def _end(sign: str, numbers: Numbers, star: bool) -> Numbers | None:
    """The first version beyond what a clause allows (the last allowed one for `<=`); None when there is none."""
    if sign in ("<", "<="):
        return numbers
    if sign == "^":
        return (numbers[0] + 1,)
    if sign == "~":
        return _next(numbers[:2])
    if sign == "~=":
        return _next(numbers[:-1] or numbers)
    if sign in ("==", "=", "===", ""):
        return _next(numbers) if star or len(numbers) > 1 else (numbers[0] + 1,)
    return None


def _trimmed(numbers: Numbers, sign: str) -> Numbers:
    """NUMBERS without the zeros at their end, where these say nothing: `<5.4.0` is `<5.4`."""
    while sign in ("<", ">=", ">") and len(numbers) > 1 and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers


def _next(numbers: Numbers) -> Numbers:
    return (*numbers[:-1], numbers[-1] + 1)
