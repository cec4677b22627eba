"""What git does not track: `.gitignore` files from the repository's root down, and `.git/info/exclude`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import methodcaller
from pathlib import Path

from msgspec import Struct
from pathspec import GitIgnoreSpec, RegexPattern

from celery_lint.gitroot import find_git_root
from celery_lint.regular import read_regular

_LONGEST, _MOST_STARS = 1_000, 3

# `dist/`, `!.env`, `*.pyc`: these match a name wherever it stands.
_PLAIN_NAME = re.compile(r"!?([\w.@+-]+)/?")
_ENDING = re.compile(r"!?\*([\w.@+~-]+)/?")

_GROUP = re.compile(r"\(\?P<\w+>")


class IgnoreFile(Struct, frozen=True):
    """The patterns of one file. BASE is the folder they are relative to: absolute, with `/`, ending in `/`. What they
    match has a part that is one of NAMES or ends in one of ENDINGS, or OTHERS match it."""

    base: str
    patterns: GitIgnoreSpec
    names: frozenset[str]
    endings: tuple[str, ...]
    others: re.Pattern[str]

    def may_match(self, path: str) -> bool:
        """Whether a pattern may match PATH (relative to the base). Most files match none: this tells in a fraction of
        the time that it takes to ask each."""
        parts = path.split("/")
        if not self.names.isdisjoint(parts) or any(map(methodcaller("endswith", self.endings), parts)):
            return True
        return self.others.search(path) is not None


def inherited(root: Path) -> tuple[IgnoreFile, ...]:
    """What holds in ROOT because of the repository around it, weakest first; ROOT's own file is not among it."""
    return tuple(found for folder, file in _around(root) if (found := read_ignore_file(folder.as_posix(), file)))


def inherited_files(root: Path) -> tuple[str, ...]:
    """The files that `inherited` reads; they need not exist."""
    return tuple(str(file) for _, file in _around(root))


def _around(root: Path) -> Sequence[tuple[Path, Path]]:
    """The folders above ROOT, each with the file of its patterns."""
    top = find_git_root(root)
    if top is None:
        return ()
    above = [folder for folder in reversed(root.parents) if folder.is_relative_to(top)]
    return [(top, _exclude_file(top)), *((folder, folder / ".gitignore") for folder in above)]


def read_ignore_file(base: str, file: Path) -> IgnoreFile | None:
    """The patterns of FILE, relative to the folder BASE; None without any. A pattern that git rejects is no pattern."""
    try:
        # As git does: a link that a project comes with could lead anywhere.
        data = read_regular(file, follow=file.name != ".gitignore")
    except OSError:
        return None
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    patterns = [line for line in lines if _is_pattern(line)]
    if not patterns:
        return None
    spec = GitIgnoreSpec.from_lines(patterns)
    names = [found[1] for line in patterns if (found := _PLAIN_NAME.fullmatch(line))]
    endings = [found[1] for line in patterns if (found := _ENDING.fullmatch(line))]
    others = [line for line in patterns if not _PLAIN_NAME.fullmatch(line) and not _ENDING.fullmatch(line)]
    return IgnoreFile(base.rstrip("/") + "/", spec, frozenset(names), tuple(endings), _any_of(others))


def is_ignored(path: str, ignore_files: Sequence[IgnoreFile]) -> bool:
    """Whether PATH (absolute, with `/`, a folder's ending in `/`) is ignored; the last file with an opinion decides."""
    for ignore_file in reversed(ignore_files):
        if not path.startswith(ignore_file.base):
            continue
        inside = path[len(ignore_file.base) :]
        if not ignore_file.may_match(inside):
            continue
        opinion = ignore_file.patterns.check_file(inside).include
        if opinion is not None:
            return opinion
    return False


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """What matches whatever one of PATTERNS does."""
    spec = GitIgnoreSpec.from_lines(patterns)
    expressions = [each.regex.pattern for each in spec.patterns if isinstance(each, RegexPattern) and each.regex]
    # Groups of the same name cannot stand in one expression.
    return re.compile("|".join(_GROUP.sub("(?:", each) for each in expressions) or r"(?!)")


def _is_pattern(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#") and is_usable(line)


def is_usable(pattern: str) -> bool:
    """Whether PATTERN can be matched at once: each star more takes a name's length times as long."""
    parts = pattern.split("/")
    if len(pattern) > _LONGEST or parts.count("**") > _MOST_STARS:
        return False
    if any(part.count("*") > _MOST_STARS for part in parts):
        return False
    try:
        GitIgnoreSpec.from_lines([pattern])
    except ValueError:
        return False
    return True


def _exclude_file(top: Path) -> Path:
    """`info/exclude` of the repository at TOP: for a worktree it lives in the main repository."""
    git = top / ".git"
    if git.is_dir():
        return git / "info" / "exclude"
    git = top / _first_line(git).removeprefix("gitdir:").strip()
    return git / (_first_line(git / "commondir") or ".") / "info" / "exclude"


def _first_line(file: Path) -> str:
    try:
        return read_regular(file, most=4_096).decode("utf-8", "surrogateescape").partition("\n")[0]
    except OSError:
        return ""
