"""Many texts, searched at once."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property

from celery_lint.project.code.literals import gate_of


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
        self._matching: dict[re.Pattern[bytes], tuple[str, ...]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def __getitem__(self, name: str) -> bytes:
        number = self._numbers[name]
        return self._all[self._starts[number] : self._ends[number]]

    @cached_property
    def _small(self) -> bytes:
        return self._all.lower()

    def matching(self, pattern: re.Pattern[bytes]) -> tuple[str, ...]:
        """The names of the texts that hold PATTERN, in order."""
        found = self._matching.get(pattern)
        if found is None:
            numbers = self._search(pattern)
            found = self._matching[pattern] = tuple(self.names[number] for number in sorted(numbers))
        return found

    def _search(self, pattern: re.Pattern[bytes]) -> set[int]:
        gate = gate_of(pattern)
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


def holds(text: bytes, pattern: re.Pattern[bytes]) -> bool:
    """Whether TEXT holds PATTERN: the same for one text."""
    return bool(Texts({"": text}).matching(pattern))
