"""Takes statements out of a function for good: `try`s that lose their purpose are dissolved, comments find a
new place, and statements that belong together get a `with` around them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import libcst as cst

from celery_lint.fix.blocks import Orphan, Piece, take_out, whole_last_line
from celery_lint.fix.code import Block
from celery_lint.fix.draft import Draft
from celery_lint.fix.outcome import Withheld
from celery_lint.fix.recorded import Extent


class Reshape:
    """The change of one function.

    CAN_GO says which statements go, LEADS which of those prepare what follows, HANDLERS which `except`
    branches go with them. FOCUS are the lines of the statements that all of it was for: their comments move
    to those.
    """

    def __init__(
        self,
        draft: Draft,
        *,
        can_go: Callable[[cst.CSTNode], bool],
        leads: Callable[[cst.CSTNode], bool],
        handlers: Collection[cst.ExceptHandler],
        focus: Sequence[int],
    ) -> None:
        self.draft = draft
        self.code = draft.code
        self._can_go = can_go
        self._leads_on = leads
        self._handlers = handlers
        self._focus = focus
        self._heads: dict[int, tuple[int, str]] = {}
        self._converted: dict[cst.Try, str] = {}
        self._wrapped: dict[Block, list[tuple[int, int, str]]] = {}
        self._later: list[Callable[[], None]] = []

    def apply(self, function: cst.FunctionDef | cst.Module) -> None:
        """Change the body of FUNCTION."""
        if isinstance(function, cst.Module):
            self._block(function)
        else:
            self._body(function.body)
        for change in self._later:
            change()

    # Where a `with` goes

    def surround(self, block: Block, inside: Sequence[cst.CSTNode], header: str, focus: Sequence[int]) -> None:
        """Put the statements INSIDE of BLOCK in a `with`; comments of the FOCUS lines go above it.

        A `try` around them that would be dissolved is turned into the `with` instead.
        """
        owner = self.code.parent(block)
        if isinstance(owner, cst.Try) and block is owner.body and self.can_dissolve(owner):
            self._converted[owner] = header
            self._heads.update(dict.fromkeys(focus, (self.code.first_line(owner), "")))
            return
        first = self.code.leading_comments(self.code.first_line(inside[0]))
        last = whole_last_line(self.code, inside[-1])
        self._wrapped.setdefault(block, []).append((first, last, header))
        self._heads.update(dict.fromkeys(focus, (first, self.code.unit_at(inside[0]))))

    def indent(self, block: Block, first: int, last: int) -> None:
        """Indent the lines FIRST to LAST of BLOCK by one more level."""
        self._wrapped.setdefault(block, []).append((first, last, ""))

    # The statements of a block

    def _body(self, body: cst.BaseSuite) -> None:
        if isinstance(body, cst.IndentedBlock):
            self._block(body)
        elif isinstance(body, cst.SimpleStatementSuite):
            self._small(body)

    def _block(self, block: Block) -> None:
        pieces = list(self._pieces(block))
        if not any(piece.kept for piece in pieces):
            self._empty(block)
            return
        self._settle(take_out(self.draft, pieces, self._holds_focus))

    def _pieces(self, block: Block) -> Iterator[Piece]:
        for statement in block.body:
            first, last = self.code.first_line(statement), whole_last_line(self.code, statement)
            if self._can_go(statement):
                yield Piece(first, last, kept=False, leads=self._leads(statement, first))
            elif isinstance(statement, cst.Try) and statement in self._converted:
                yield from self._turn(statement)
            elif isinstance(statement, cst.Try) and self.can_dissolve(statement):
                yield from self._dissolve(statement)
            else:
                self._inside(statement)
                yield Piece(first, last, kept=True)
        for first, last, header in self._wrapped.get(block, ()):
            self._later.append(self._wrapping(block, first, last, header))

    def _leads(self, statement: cst.CSTNode, line: int) -> bool:
        """Whether a statement prepares something that follows."""
        return any(focus > line for focus in self._focus) and self._leads_on(statement)

    def _holds_focus(self, piece: Piece) -> bool:
        return any(piece.first <= line <= piece.last for line in self._focus)

    def can_dissolve(self, statement: cst.Try) -> bool:
        """Whether nothing is left for the `try` to do."""
        if statement.orelse is not None or any(handler not in self._handlers for handler in statement.handlers):
            return False
        final = statement.finalbody
        return (final is None or self._is_empty(final)) and (final is not None or bool(statement.handlers))

    def _is_empty(self, final: cst.Finally) -> bool:
        return all(self._can_go(small) or _is_pass(small) for small in final.body.body)

    def _dissolve(self, statement: cst.Try) -> Iterator[Piece]:
        first, tail = self.code.first_line(statement), self._tail(statement)
        if isinstance(statement.body, cst.IndentedBlock):
            inner = self.code.first_line(statement.body.body[0])
            head = self._head(statement)
            yield Piece(first, head, kept=False)
            yield from self._pieces(statement.body)
            old, new = self.code.indent(inner), self.code.indent(first)
            self._later.append(lambda: self.draft.reindent(head + 1, tail.first - 1, old, new))
        else:
            start = self.code.extent(statement).start
            self.draft.replace(Extent(start, self.code.extent(statement.body.body[0]).start), "")
            self._body(statement.body)
            yield Piece(first, first, kept=True)
        yield tail

    def _turn(self, statement: cst.Try) -> Iterator[Piece]:
        """`try: … finally: …` becomes a `with`."""
        start = self.code.extent(statement).start
        self.draft.replace(Extent(start, start + len("try")), self._converted[statement])
        self._body(statement.body)
        yield Piece(self.code.first_line(statement), self.code.last_line(statement.body), kept=True)
        yield self._tail(statement)

    def _head(self, statement: cst.Try) -> int:
        """The line of `try:`."""
        return self.code.first_line(statement)

    def _tail(self, statement: cst.Try) -> Piece:
        """The handlers and the `finally` of a `try`."""
        parts: list[cst.CSTNode] = [*statement.handlers]
        parts += [statement.finalbody] if statement.finalbody is not None else []
        return Piece(self.code.first_line(parts[0]), whole_last_line(self.code, parts[-1]), kept=False, leads=False)

    # Statements that stay

    def _inside(self, statement: cst.CSTNode) -> None:
        if isinstance(statement, cst.SimpleStatementLine):
            self._small(statement)
        elif isinstance(statement, cst.Try | cst.TryStar):
            self._try(statement)
        elif isinstance(statement, cst.If | cst.For | cst.While):
            self._body(statement.body)
            if isinstance(statement.orelse, cst.If):
                self._inside(statement.orelse)
            elif statement.orelse is not None:
                self._body(statement.orelse.body)
        elif isinstance(statement, cst.With):
            self._body(statement.body)
        elif isinstance(statement, cst.Match):
            for case in statement.cases:
                self._body(case.body)

    def _try(self, statement: cst.Try | cst.TryStar) -> None:
        self._body(statement.body)
        parts: list[cst.Try | cst.TryStar | cst.CSTNode] = []
        for handler in statement.handlers:
            if handler in self._handlers:
                parts.append(handler)
            else:
                self._body(handler.body)
        if statement.orelse is not None:
            self._body(statement.orelse.body)
        if statement.finalbody is not None:
            if self._is_empty(statement.finalbody):
                parts.append(statement.finalbody)
            else:
                self._body(statement.finalbody.body)
        for part in parts:
            first = self.code.first_line(part)
            above = Piece(first - 1, first - 1, kept=True)
            while self.code.is_blank(above.first) or self.code.is_comment(above.first):
                above = Piece(above.first - 1, above.first - 1, kept=True)
            gone = Piece(first, whole_last_line(self.code, part), kept=False, leads=False)
            self._settle(take_out(self.draft, [above, gone], self._holds_focus))

    def _small(self, line: cst.SimpleStatementLine | cst.SimpleStatementSuite) -> None:
        """Take small statements out of a line that holds several."""
        gone = [small for small in line.body if self._can_go(small)]
        if len(gone) == len(line.body):
            raise Withheld(f"nothing would be left of a branch (line {self.code.number(line)})")
        kept = [index for index, small in enumerate(line.body) if small not in gone]
        for index, small in enumerate(line.body):
            start, end = self.code.extent(small)
            if small not in gone:
                continue
            if index < kept[-1]:
                end = self.code.extent(line.body[index + 1]).start
            else:
                start = self.code.extent(line.body[index - 1]).end
            self.draft.replace(Extent(start, end), "")

    def _empty(self, block: Block) -> None:
        """A handler that loses all goes on to swallow its exception; nothing else may be empty."""
        if not isinstance(self.code.parent(block), cst.ExceptHandler):
            raise Withheld(f"nothing would be left of a branch (line {self.code.number(block)})")
        first, last = block.body[0], block.body[-1]
        self.draft.replace(Extent(self.code.extent(first).start, self.code.extent(last).end), "pass")

    # What is written

    def _wrapping(self, block: Block, first: int, last: int, header: str) -> Callable[[], None]:
        unit = self.code.unit_at(block.body[0])

        def wrap() -> None:
            lines = range(first, last + 1)
            kept = next(line for line in lines if not self.draft.is_deleted(line) and not self.code.is_blank(line))
            indent = self.draft.indent(kept)
            self.draft.reindent(first, last, indent, indent + unit)
            if header:
                self.draft.put_above(kept, [f"{header}:"], outdent=unit, order=1)

        return wrap

    def _settle(self, orphans: Sequence[Orphan]) -> None:
        """Put comments that lost their statement above the one that they belong to."""
        for orphan in orphans:
            later = [line for line in self._focus if line > orphan.line]
            earlier = [line for line in self._focus if line <= orphan.line]
            line = later[0] if (orphan.leads and later) or not earlier else earlier[-1]
            head, outdent = self._heads.get(line, (self.code.leading_comments(line), ""))
            self.draft.put_above(head, [orphan.text], outdent=outdent, order=0 if line in self._heads else 3)


def _is_pass(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.SimpleStatementLine):
        return all(isinstance(small, cst.Pass) for small in node.body)
    return isinstance(node, cst.Pass)
