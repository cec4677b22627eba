"""Compares files with those of a commit: by the names that git gives to contents, then line by line."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import PurePosixPath

from msgspec import Struct, field

from celery_lint.changes.base import Base
from celery_lint.changes.difference import all_lines, changed_lines, lines_of
from celery_lint.changes.git import Git, GitError
from celery_lint.changes.model import Changes, LineSet
from celery_lint.errors import UserError
from celery_lint.regular import LARGEST, read_regular

_LINK, _SUBMODULE = "120000", "160000"
# So much of a file has to be in another for it to be the same file under another name, as git has it by default.
_ALIKE = 0.5
_MOST_RENAMES = 200


class _Entry(Struct, frozen=True):
    """A file of a commit: its MODE, and the NAME of its content."""

    mode: str
    name: str


def changes_since(base: Base, paths: Iterable[str], read: Callable[[str], bytes] | None = None) -> Changes:
    """How the files PATHS of the project (relative to its root) differ from those of BASE. READ gives the bytes of one,
    else the disk does.

    Files in a submodule count as they were. Raises UserError when this clone does not have what they were.
    """
    if base.commit is None:
        found = _Comparison(base, None, {}, read)
    else:
        git = Git(base.top)
        try:
            found = _Comparison(base, git, _tree(git, base.commit), read)
        except GitError as error:
            raise UserError(_incomplete(error)) from None
    try:
        return found.changes(paths)
    except GitError as error:
        raise UserError(_incomplete(error)) from None


def _incomplete(error: GitError) -> str:
    return f"{error}: fetch the whole repository (no `--filter`, `fetch-depth: 0` of actions/checkout)"


def _tree(git: Git, commit: str) -> dict[str, _Entry]:
    """The files of COMMIT by their paths from the repository's top."""
    entries: dict[str, _Entry] = {}
    for line in git.ask("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
        about, _, path = line.partition(b"\t")
        if path:
            mode, _, name = about.decode("ascii").split(" ")
            entries[os.fsdecode(path)] = _Entry(mode, name)
    return entries


class _Comparison(Struct):
    """One comparison: the files of a commit (TREE), and what was found so far, by paths from the project's root."""

    base: Base
    git: Git | None
    tree: Mapping[str, _Entry]
    read: Callable[[str], bytes] | None
    prefix: str = ""
    old_names: dict[str, str] = field(default_factory=dict)
    old_contents: dict[str, bytes | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        way = self.base.root.relative_to(self.base.top).as_posix()
        self.prefix = "" if way == "." else f"{way}/"

    def changes(self, paths: Iterable[str]) -> Changes:
        added: dict[str, bytes] = {}
        changed: dict[str, bytes] = {}
        for path in paths:
            data, entry = self._now(path), self.tree.get(self._in_tree(path))
            if data is None or self._is_in_submodule(path):
                continue
            if entry is None or entry.mode == _SUBMODULE:
                added[path] = data
            elif entry.mode != _LINK and _name_of(data, entry.name) != entry.name:
                changed[path] = data
                self.old_names[path] = entry.name
        gone = self._gone()
        renamed = self._renamed(added, gone)
        changed |= {path: added.pop(path) for path in renamed}
        lines = dict(self._differing(changed)) | {path: all_lines(data) for path, data in added.items()}
        for path in set(gone) - set(renamed.values()):
            self.old_names[path] = gone[path].name
        return Changes(
            self.base.ref,
            self.base.commit,
            lines,
            frozenset(added),
            renamed,
            tuple(sorted(path for path in set(gone) - set(renamed.values()) if not path.startswith("../"))),
            self.old,
        )

    def old(self, path: str) -> bytes | None:
        """What PATH held; for one that is not compared, what is there now."""
        name = self.old_names.get(path)
        if name is not None:
            if name not in self.old_contents:
                try:
                    self._load([name])
                except GitError as error:
                    raise UserError(_incomplete(error)) from None
            return self.old_contents[name]
        return self._now(path) if self._in_tree(path) in self.tree else None

    def _differing(self, changed: Mapping[str, bytes]) -> Iterable[tuple[str, LineSet]]:
        self._load([self.old_names[path] for path in changed])
        for path, data in changed.items():
            old = self.old_contents[self.old_names[path]]
            lines = changed_lines(old, data) if old is not None and len(data) <= LARGEST else all_lines(data)
            if lines:
                yield path, lines

    def _load(self, names: Sequence[str]) -> None:
        missing = [name for name in dict.fromkeys(names) if name not in self.old_contents]
        if self.git is not None:
            self.old_contents.update(zip(missing, self.git.blobs(missing), strict=True))

    def _now(self, path: str) -> bytes | None:
        try:
            return self.read(path) if self.read is not None else read_regular(self.base.root / path)
        except OSError:
            return None

    def _in_tree(self, path: str) -> str:
        """The path from the repository's top: of a file that links lead to, its own."""
        whole = self.prefix + path
        if whole in self.tree:
            return whole
        real = os.path.relpath(os.path.realpath(self.base.root / path), self.base.top)
        return PurePosixPath(real).as_posix()

    def _is_in_submodule(self, path: str) -> bool:
        if path.rpartition("/")[2] == ".git":
            return True  # what makes a folder a submodule, or a working tree beside others
        parents = PurePosixPath(self.prefix + path).parents
        return any(entry.mode == _SUBMODULE for each in parents if (entry := self.tree.get(str(each))))

    def _gone(self) -> dict[str, _Entry]:
        """The files of the commit that are not there any more, by their paths from the project's root."""
        top = str(self.base.top)
        return {
            self._from_root(path): entry
            for path, entry in self.tree.items()
            if entry.mode not in (_LINK, _SUBMODULE) and not os.path.lexists(f"{top}/{path}")
        }

    def _from_root(self, path: str) -> str:
        if path.startswith(self.prefix):
            return path[len(self.prefix) :]
        return PurePosixPath(os.path.relpath(path, self.prefix)).as_posix()

    # Renames

    def _renamed(self, added: Mapping[str, bytes], gone: Mapping[str, _Entry]) -> dict[str, str]:
        """For files of ADDED, which one of GONE each was: one with the same content, else the one most alike."""
        if not added or not gone:
            return {}
        renamed: dict[str, str] = {}
        by_name: dict[str, list[str]] = {}
        for path, entry in sorted(gone.items()):
            by_name.setdefault(entry.name, []).append(path)
        sample = next(iter(gone.values())).name
        for path, data in sorted(added.items()):
            same = by_name.get(_name_of(data, sample))
            if same:
                best = max(same, key=lambda old: _likeness_of_names(old, path))
                same.remove(best)
                renamed[path] = best
        renamed |= self._nearly_renamed(
            {path: data for path, data in added.items() if path not in renamed},
            [path for path in sorted(gone) if path not in renamed.values()],
            gone,
        )
        self.old_names.update({path: gone[old].name for path, old in renamed.items()})
        return renamed

    def _nearly_renamed(
        self, added: Mapping[str, bytes], left: Sequence[str], gone: Mapping[str, _Entry]
    ) -> dict[str, str]:
        kinds = {_kind(path) for path in added}
        candidates = [path for path in left if _kind(path) in kinds]
        if not added or not candidates or len(added) > _MOST_RENAMES or len(candidates) > _MOST_RENAMES:
            return {}
        self._load([gone[path].name for path in candidates])
        olds = {path: _weighed(self.old_contents.get(gone[path].name)) for path in candidates}
        news = {path: _weighed(data) for path, data in added.items()}
        scored = sorted(
            (
                (_alike(olds[old], news[new]), _likeness_of_names(old, new), old, new)
                for new in news
                for old in olds
                if _kind(old) == _kind(new)
            ),
            reverse=True,
        )
        renamed: dict[str, str] = {}
        for score, _, old, new in scored:
            if score >= _ALIKE and new not in renamed and old not in renamed.values():
                renamed[new] = old
        return renamed


def _name_of(data: bytes, like: str) -> str:
    """What git calls a file with the content DATA, in a repository that calls another one LIKE."""
    import hashlib  # it loads OpenSSL

    algorithm = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _kind(path: str) -> str:
    file = PurePosixPath(path)
    return file.suffix or file.name


def _likeness_of_names(old: str, new: str) -> int:
    """How many of the last parts of two paths are the same."""
    pairs = zip(reversed(old.split("/")), reversed(new.split("/")), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _weighed(data: bytes | None) -> Counter[bytes]:
    return Counter(line.strip() for line in lines_of(data or b"") if line.strip())


def _alike(old: Counter[bytes], new: Counter[bytes]) -> float:
    """How much of the longer of two texts is in the other, by bytes."""
    sizes = [sum(len(line) * count for line, count in text.items()) for text in (old, new)]
    if not min(sizes) or min(sizes) < max(sizes) * _ALIKE:
        return 0.0
    common = sum(len(line) * min(count, new[line]) for line, count in old.items() if line in new)
    return common / max(sizes)
