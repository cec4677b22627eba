"""The bytes of a project's files, read when somebody needs them and never twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from celery_lint.cache.seen import Look
from celery_lint.cache.stamp import digest
from celery_lint.facts.model import ReadError
from celery_lint.project.code.texts import Texts
from celery_lint.regular import read_regular
from celery_lint.watch import Part, Watch


class Contents:
    """The files PATHS below ROOT. OVERLAY replaces the bytes of some; LOOK tells which others are as they were. CODE
    are those that are searched all the time.

    UNREADABLE are the files that could not be opened, so far.
    """

    def __init__(
        self,
        root: str,
        paths: Sequence[str],
        code: Sequence[str],
        overlay: Mapping[str, bytes],
        look: Look,
        watch: Watch,
    ) -> None:
        self.known = frozenset(paths)
        self.code = code
        self.is_code = frozenset(code)
        self.overlay = overlay
        self.look = look
        self.unreadable: dict[str, ReadError] = {}
        self._start = f"{root}/"
        self._watch = watch
        self._data: dict[str, bytes] = {}
        self._texts: Texts | None = None
        self._digests: dict[str, bytes] = {}

    def data(self, path: str) -> bytes:
        """The bytes of PATH; none when it cannot be read."""
        if path in self.overlay:
            return self.overlay[path]
        if self._texts is not None and path in self._texts:
            return self._texts[path]
        if path not in self._data:
            self._data[path] = self._from_disk(path)
        return self._data[path]

    def glimpse(self, path: str) -> bytes:
        """The same for a search: of tests and the like there are many, and few are needed again."""
        is_kept = path in self.overlay or path in self._data or not path.endswith(".py") or path in self.is_code
        return self.data(path) if is_kept else self._from_disk(path)

    def digest(self, path: str) -> bytes:
        """A digest of the bytes of PATH; one that is as it was is not opened for it."""
        known = self._digests.get(path)
        if known is None:
            seen = None if path in self.overlay else self.look.content(path)
            known = self._digests[path] = seen if seen is not None else digest(self.data(path))
        return known

    def texts(self) -> Texts:
        """All of the code, to be searched at once."""
        if self._texts is None:
            texts = Texts({path: self.data(path) for path in self.code})
            for path in self.code:
                self._data.pop(path, None)
            self._texts = texts
        return self._texts

    def sure(self, paths: Iterable[str]) -> list[str]:
        """Those of PATHS that were read as they are."""
        unsure = self.unreadable.keys() | self.overlay.keys()
        return [path for path in paths if path in self.known and path not in unsure]

    def digests(self) -> dict[str, bytes]:
        """What `digest` has said so far of files that were read as they are."""
        return {path: self._digests[path] for path in self.sure(self._digests)}

    def _from_disk(self, path: str) -> bytes:
        if path not in self.known:
            return b""  # whatever names it in the project, it is none of its files
        with self._watch.at(Part.READ, path):
            try:
                return read_regular(self._start + path)
            except OSError as error:
                self.unreadable[path] = ReadError(error.strerror or "it cannot be opened")
                return b""
