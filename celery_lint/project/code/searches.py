"""Which files hold a pattern: asked all the time, of thousands of files, so no answer is worked out twice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from celery_lint.cache.answers import Question
from celery_lint.cache.seen import Among, Key
from celery_lint.project.code.contents import Contents
from celery_lint.project.code.literals import Literals
from celery_lint.project.code.patterns import Sought
from celery_lint.project.code.texts import Search

# When so many files have been searched for a pattern in vain, searching all at once is less work.
_SEVERAL = 64


class Searches:
    """Searches the files of CONTENTS. What earlier runs found in files that are as they were is not searched again."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._searches: dict[Key, Search] = {}

    def code_with(self, pattern: Sought) -> tuple[str, ...]:
        """The code that holds PATTERN."""
        return self._code_with(self._search(pattern))

    def holds(self, path: str, pattern: Sought) -> bool:
        """Whether the bytes of PATH hold PATTERN."""
        search = self._search(pattern)
        if path in search.yes or path in search.no:
            return path in search.yes
        is_code = path in self._contents.is_code
        if search.found is not None and is_code:
            return False
        found = None if path in self._contents.overlay else self._contents.look.holds(search.key, path)
        if found is None:
            if len(search.no) > _SEVERAL and search.is_cheap and is_code:
                return path in self._code_with(search)
            found = search.finds(self._contents.glimpse(path))
        (search.yes if found else search.no).add(path)
        return found

    def among(self, paths: Sequence[str], pattern: Sought) -> list[str]:
        """Those of PATHS that hold PATTERN: many paths are asked about in less time than one by one."""
        search = self._search(pattern)
        known, unknown = self._contents.look.among(paths).split(search.key)
        search.yes.update(known)
        search.no.update(path for path in paths if path not in known and path not in unknown)
        return [path for path in paths if path in known or (path in unknown and self.holds(path, pattern))]

    def questions(self) -> tuple[Question, ...]:
        """What was asked so far, and which files hold it."""
        return tuple(
            Question(
                *key,
                search.needed,
                frozenset(search.yes),
                None if search.found is not None else frozenset(search.no),
            )
            for key, search in self._searches.items()
        )

    def answers(self) -> dict[Key, tuple[list[str], list[str]]]:
        """For each pattern the files that are known to hold it, and the others of which that is known, but for code."""
        sure = self._contents.sure
        return {key: (sure(search.yes), sure(search.no)) for key, search in self._searches.items()}

    def needed(self) -> dict[Key, Literals | None]:
        """For each pattern the literals that it needs."""
        return {key: search.needed for key, search in self._searches.items()}

    def whole(self) -> set[Key]:
        """The patterns that all code was searched for."""
        return {key for key, search in self._searches.items() if search.found is not None}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {path: place for place, path in enumerate(self._contents.code)}

    @cached_property
    def _code(self) -> Among:
        return self._contents.look.among(self._contents.code)

    def _code_with(self, search: Search) -> tuple[str, ...]:
        if search.found is None:
            known, unknown = self._code.split(search.key)
            if len(unknown) > _SEVERAL:
                return self._contents.texts().matching(search)
            known.update(path for path in unknown if search.finds(self._contents.data(path)))
            search.found = tuple(sorted(known, key=self._places.__getitem__))
            search.yes.update(known)
        return search.found

    def _search(self, pattern: Sought) -> Search:
        # A pattern itself would be hashed anew each time.
        key = (pattern.pattern, pattern.flags)
        search = self._searches.get(key)
        if search is None:
            search = self._searches[key] = Search(pattern, self._contents.look.needed(key))
        return search
