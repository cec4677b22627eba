"""Many texts, searched at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property

from celery_lint.project.code.literals import Gate, Literals, gate_of
from celery_lint.project.code.patterns import Sought


class Search:
    """A search for PATTERN, which its KEY tells from others: YES and NO are the texts of which it is known whether they
    hold it. FOUND are those of a whole collection, when that has been searched. NEEDED are the literals that it needs,
    when somebody knows them."""

    def __init__(self, pattern: Sought, needed: tuple[Literals | None] | None = None) -> None:
        self.pattern = pattern
        self.key = (pattern.pattern, pattern.flags)
        self.yes: set[str] = set()
        self.no: set[str] = set()
        self.found: tuple[str, ...] | None = None
        self._needed = needed

    @cached_property
    def gate(self) -> Gate:
        """Where its matches can be. To find out takes longer than most searches: they are answered without."""
        return gate_of(self.pattern)

    @property
    def needed(self) -> Literals | None:
        """Literals of which one at least stands in every text with a match; None when that cannot be told."""
        return self._needed[0] if self._needed is not None else self.gate.needed

    @property
    def is_cheap(self) -> bool:
        """Whether plain searches tell most texts that the pattern is not in."""
        return self.gate.within is not None

    def finds(self, text: bytes) -> bool:
        """Whether TEXT holds the pattern."""
        gate, pattern = self.gate, self.pattern
        small = text.lower() if gate.folded else text
        for start in gate.starts:
            place = small.find(start)
            while place >= 0:
                if pattern.match(text, place):
                    return True
                place = small.find(start, place + 1)
        may = gate.within is None or any(literal in small for literal in gate.within)
        return may and pattern.search(text) is not None


class Texts:
    """Texts by name, one behind the other: what is in none of them is known after one search."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self.names = tuple(texts)
        self._numbers = {name: number for number, name in enumerate(texts)}
        self._all = b"\0".join(texts.values())
        self._starts: list[int] = []
        self._ends: list[int] = []
        end = -1
        for text in texts.values():
            self._starts.append(end + 1)
            end += 1 + len(text)
            self._ends.append(end)
        self._holding: dict[tuple[bytes, bool], frozenset[int]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def __getitem__(self, name: str) -> bytes:
        number = self._numbers[name]
        return self._all[self._starts[number] : self._ends[number]]

    @cached_property
    def _small(self) -> bytes:
        return self._all.lower()

    def matching(self, search: Search) -> tuple[str, ...]:
        """The names of the texts that SEARCH finds, in order."""
        if search.found is None:
            search.found = tuple(self.names[number] for number in sorted(self._numbers_of(search)))
            search.yes.update(search.found)
        return search.found

    def _numbers_of(self, search: Search) -> set[int]:
        gate, pattern = search.gate, search.pattern
        view, starts, ends = memoryview(self._all), self._starts, self._ends
        found: set[int] = set()
        for literal in gate.starts:
            for number, position in self._places(literal, gate.folded, found):
                # Of one text only: no match goes on in the next.
                if pattern.match(view[starts[number] : ends[number]], position - starts[number]):
                    found.add(number)
        if gate.within is None:
            rest: set[int] = set(range(len(self.names)))
        else:
            rest = {number for literal in gate.within for number in self._texts_with(literal, gate.folded)}
        for number in rest - found:
            if pattern.search(view[starts[number] : ends[number]]):
                found.add(number)
        return found

    def _places(self, literal: bytes, folded: bool, settled: set[int]) -> Iterator[tuple[int, int]]:
        """Where LITERAL stands: the number of the text, and the place in all of them; not in those that are SETTLED."""
        text = self._small if folded else self._all
        place = text.find(literal)
        while place >= 0:
            number = bisect_right(self._starts, place) - 1
            if number not in settled:
                yield number, place
            place = text.find(literal, self._ends[number] if number in settled else place + 1)

    def _texts_with(self, literal: bytes, folded: bool) -> frozenset[int]:
        found = self._holding.get((literal, folded))
        if found is None:
            numbers: set[int] = set()
            for number, _ in self._places(literal, folded, numbers):
                numbers.add(number)
            found = self._holding[literal, folded] = frozenset(numbers)
        return found
