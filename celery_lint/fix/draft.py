"""Collects the changes of one fix to one file, by character and by whole lines, and turns them into edits.

Whatever is not mentioned stays as it is. Lines that are indented anew keep the inside of their strings, and
lines aligned with a bracket follow it when the text before the bracket changes its length.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterable
from typing import NamedTuple

from celery_lint.finding import Edit
from celery_lint.fix.code import Code
from celery_lint.fix.outcome import Withheld
from celery_lint.fix.recorded import Extent
from celery_lint.fix.scopes import imported_at, is_hidden, runs_at_once


class _Change(NamedTuple):
    start: int
    end: int
    text: str


class _Insertion(NamedTuple):
    line: int
    order: int
    lines: tuple[str, ...]
    outdent: str


class Draft:
    """The changes to CODE that one fix makes."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self._replaced: list[_Change] = []
        self._deleted: set[int] = set()
        self._indents: dict[int, str] = {}
        self._inserted: list[_Insertion] = []
        self._needed: set[str] = set()

    def replace(self, extent: Extent, text: str) -> None:
        """Put TEXT (newlines as `\\n`) where EXTENT is."""
        self._replaced.append(_Change(extent.start, extent.end, text))

    def insert(self, offset: int, text: str) -> None:
        """Put TEXT before the character at OFFSET."""
        self.replace(Extent(offset, offset), text)

    def delete_lines(self, first: int, last: int) -> None:
        """Delete the lines FIRST to LAST."""
        self._deleted.update(range(first, last + 1))

    def is_deleted(self, line: int) -> bool:
        """Whether LINE goes."""
        return line in self._deleted

    def covers(self, extent: Extent) -> bool:
        """Whether EXTENT is inside something that is deleted or replaced."""
        if all(
            line in self._deleted
            for line in range(self.code.line(extent.start), self.code.line(max(extent.start, extent.end - 1)) + 1)
        ):
            return True
        return any(change.start <= extent.start and extent.end <= change.end for change in self._replaced)

    def covers_offset(self, offset: int) -> bool:
        """Whether the character at OFFSET is deleted or replaced."""
        return self.covers(Extent(offset, offset + 1))

    def reindent(self, first: int, last: int, old: str, new: str) -> None:
        """Indent the lines FIRST to LAST by NEW instead of OLD; deeper lines stay as much deeper."""
        for line in range(first, last + 1):
            current = self.indent(line)
            if line not in self.code.frozen_lines and current.startswith(old):
                self._indents[line] = new + current[len(old) :]

    def indent(self, line: int) -> str:
        """The whitespace LINE will start with."""
        return self._indents.get(line, self.code.indent(line))

    def put_above(self, line: int, lines: Iterable[str], *, order: int = 0, outdent: str = "") -> None:
        """Put LINES above LINE, indented as it will be, less OUTDENT; the lowest ORDER comes out on top."""
        self._inserted.append(_Insertion(line, order, tuple(lines), outdent))

    def has_above(self, line: int) -> bool:
        """Whether something is put above LINE."""
        return any(insertion.line == line for insertion in self._inserted)

    def need(self, name: str) -> None:
        """What is put in uses NAME as an import at module level binds it."""
        self._needed.add(name)

    def edits(self) -> tuple[Edit, ...]:
        """All changes as edits of the file, in order. Raises `Withheld` when a function calls something else by a name
        that the change needs in it."""
        self._check_names()
        self._realign()
        return tuple(
            self.code.edit(Extent(change.start, change.end), change.text) for change in _joined(self._changes())
        )

    def _check_names(self) -> None:
        changes = (*self._replaced, *self._insertions())
        for name in sorted(self._needed):
            word = re.compile(rf"(?<![\w.]){re.escape(name)}\b")
            uses = [change for change in changes if word.search(change.text) and not _imports(change.text, word)]
            if any(is_hidden(self.code, name, change.start) for change in uses):
                raise Withheld(f"`{name}` is something else where it is needed")
            own = [change.start for change in changes if _imports(change.text, word)]
            first = min([*own, *imported_at(self.code, name)], default=0)
            if any(change.start < first and runs_at_once(self.code, change.start) for change in uses):
                raise Withheld(f"`{name}` is imported further down")

    def _changes(self) -> list[_Change]:
        solid = [*self._replaced, *self._deletions()]
        changes = [*solid, *self._insertions()]
        for change in self._indentations():
            if not any(other.start < change.start < other.end for other in solid):
                changes.append(change)
        return changes

    def _deletions(self) -> Iterable[_Change]:
        for line in sorted(self._deleted):
            start, end, after = self.code.lines[line]
            if end == after and start:  # the last line, and it has no newline: take the one before it
                before = line - 1
                while before in self._deleted:
                    before -= 1
                start = self.code.lines[before].end if before >= 0 else 0
            yield _Change(start, after, "")

    def _indentations(self) -> Iterable[_Change]:
        for line, new in self._indents.items():
            if line in self._deleted:
                continue
            old, start = self.code.indent(line), self.code.lines[line].start
            common = len(old) if new.startswith(old) else len(new) if old.startswith(new) else 0
            if old != new:
                yield _Change(start + common, start + len(old), new[common:])

    def _insertions(self) -> Iterable[_Change]:
        for line, _, lines, outdent in sorted(self._inserted, key=lambda item: (item.line, item.order)):
            indent = self.indent(line).removesuffix(outdent)
            text = "".join(f"{indent}{text}\n" if text.strip() else "\n" for text in lines)
            start = self.code.lines[line].start
            yield _Change(start, start, text)

    def _realign(self) -> None:
        shifts = self._line_shifts()
        for line, shift in shifts.items():
            current = self.indent(line)
            if shift > 0:
                self._indents[line] = current + " " * shift
            elif current.endswith(" " * -shift):
                self._indents[line] = current[:shift]

    def _line_shifts(self) -> dict[int, int]:
        """How far the lines move that are aligned with a bracket whose column changes."""
        deltas = [self._delta(change) for change in self._replaced]
        moved = [(line, end, delta) for line, end, delta in deltas if delta]
        shifts: dict[int, int] = {}
        brackets: list[tuple[int, int]] = []
        row = -1
        # Finding the tokens takes longer than the rest of most fixes.
        for token in self.code.tokens if any(self._may_shift(line, end) for line, end, _ in moved) else ():
            line, column = token.start[0] - 1, token.start[1]
            if line != row and brackets and token.type != tokenize.NL:
                opened, after = brackets[-1]
                if opened != line and column == after and self.code.indent(line) == " " * column:
                    shifts[line] = shifts.get(opened, 0) + sum(
                        delta for at, end, delta in moved if at == opened and end <= after - 1
                    )
            row = line
            if token.type == tokenize.OP and token.string in "([{":
                brackets.append((line, token.end[1]))
            elif token.type == tokenize.OP and token.string in ")]}" and brackets:
                brackets.pop()
        return {line: shift for line, shift in shifts.items() if shift}

    def _may_shift(self, line: int, end: int) -> bool:
        """Whether a line below LINE starts where it would if it were aligned with a bracket in LINE behind the column
        END."""
        brackets = [offset for offset, character in enumerate(self.code.line_text(line)) if character in "([{"]
        columns = "|".join(f" {{{offset + 1}}}" for offset in brackets if offset >= end)
        aligned = re.compile(rf"(?<![^\r\n])(?:{columns})(?! )")
        return bool(columns) and aligned.search(self.code.text, self.code.lines[line].end) is not None

    def _delta(self, change: _Change) -> tuple[int, int, int]:
        line = self.code.line(change.start)
        start, end, _ = self.code.lines[line]
        if change.end > end or "\n" in change.text:
            return line, 0, 0
        return line, change.end - start, len(change.text) - (change.end - change.start)


def _imports(text: str, word: re.Pattern[str]) -> bool:
    """Whether a line of TEXT is an import that binds WORD."""
    return any(re.match(r"(?:from|import)\b", line) and word.search(line) for line in text.lstrip().splitlines())


def _joined(changes: Iterable[_Change]) -> Iterable[_Change]:
    """CHANGES in order, touching ones made one."""
    current: _Change | None = None
    for change in sorted(changes, key=lambda item: (item.start, item.end)):
        if current is None:
            current = change
        elif change.start > current.end:
            yield current
            current = change
        elif change.start == current.end or (change.end <= current.end and not change.text):
            current = _Change(current.start, max(current.end, change.end), current.text + change.text)
        else:
            raise Withheld("two parts of the change meet at the same place")
    if current is not None:
        yield current
