"""What git does not track: `.gitignore` files from the repository's root down, and `.git/info/exclude`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec, RegexPattern

from celery_lint.gitroot import find_git_root

_GROUP = re.compile(r"\(\?P<\w+>")


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The patterns of one file. BASE is the folder they are relative to: absolute, with `/`, ending in `/`. ANY matches
    whatever one of them does."""

    base: str
    patterns: GitIgnoreSpec
    any: re.Pattern[str]


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
        lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    patterns = [line for line in lines if _is_pattern(line)]
    if not patterns:
        return None
    spec = GitIgnoreSpec.from_lines(patterns)
    return IgnoreFile(base.rstrip("/") + "/", spec, _any_of(spec))


def is_ignored(path: str, ignore_files: Sequence[IgnoreFile]) -> bool:
    """Whether PATH (absolute, with `/`, a folder's ending in `/`) is ignored; the last file with an opinion decides."""
    for ignore_file in reversed(ignore_files):
        if not path.startswith(ignore_file.base):
            continue
        inside = path[len(ignore_file.base) :]
        # Most files match no pattern: one search tells, where each pattern would be asked.
        if not ignore_file.any.search(inside):
            continue
        opinion = ignore_file.patterns.check_file(inside).include
        if opinion is not None:
            return opinion
    return False


def _any_of(spec: GitIgnoreSpec) -> re.Pattern[str]:
    expressions = [each.regex.pattern for each in spec.patterns if isinstance(each, RegexPattern) and each.regex]
    # Groups of the same name cannot stand in one expression.
    return re.compile("|".join(_GROUP.sub("(?:", each) for each in expressions) or r"(?!)")


def _is_pattern(line: str) -> bool:
    if not line.strip() or line.startswith("#"):
        return False
    try:
        GitIgnoreSpec.from_lines([line])
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
        return file.read_text(encoding="utf-8", errors="surrogateescape").partition("\n")[0]
    except OSError:
        return ""
