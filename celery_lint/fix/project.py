"""The files of one project as rewriters read them: each is parsed once."""

from __future__ import annotations

from collections.abc import Callable

from celery_lint.finding import Edit
from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.outcome import Withheld
from celery_lint.source import Source


class Files:
    """Parsed files by path. SOURCE_OF gives the bytes of a path. USED are those that were asked for."""

    def __init__(self, source_of: Callable[[str], Source]) -> None:
        self._source_of = source_of
        self._parsed: dict[str, Code | Withheld] = {}
        self.used: set[str] = set()

    def begin(self) -> None:
        """Another fix is to be made. Of the parsed files those remain that the last one asked for: trees take much more
        memory than files, and fixes are made in the order of files."""
        self._parsed = {path: code for path, code in self._parsed.items() if path in self.used}
        self.used.clear()

    def source(self, path: str) -> Source:
        """The file at PATH, of whatever kind."""
        self.used.add(path)
        return self._source_of(path)

    def code(self, path: str) -> Code:
        """The file at PATH; raises `Withheld` when it cannot be rewritten."""
        self.used.add(path)
        if path not in self._parsed:
            try:
                self._parsed[path] = Code(self._source_of(path))
            except Withheld as error:
                self._parsed[path] = error
            except OSError as error:
                self._parsed[path] = Withheld(f"the file cannot be read ({error.strerror})")
        code = self._parsed[path]
        if isinstance(code, Withheld):
            raise Withheld(*code.args)
        return code


class Drafts:
    """The changes of one fix, file by file."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._drafts: dict[str, Draft] = {}

    def draft(self, path: str) -> Draft:
        """The changes to the file at PATH so far."""
        if path not in self._drafts:
            self._drafts[path] = Draft(self._files.code(path))
        return self._drafts[path]

    def edits(self) -> tuple[Edit, ...]:
        """All changes as edits."""
        return tuple(edit for path in sorted(self._drafts) for edit in self._drafts[path].edits())
