"""The vocabulary of comments that speak to linters."""

from __future__ import annotations

from msgspec import Struct

from celery_lint.finding import Span

NOWHERE = Span(0, 0)


class Coverage(Struct, frozen=True):
    """Where findings are silenced: those that start in STARTS, and those that end in ENDS as long as they start in
    WITHIN (the closing line of a part of a statement)."""

    starts: Span
    ends: Span = NOWHERE
    within: Span = NOWHERE

    def includes(self, span: Span) -> bool:
        """Whether a finding at SPAN is silenced."""
        if self.starts.start <= span.start < self.starts.end:
            return True
        return self.within.contains(span) and self.ends.start < span.end <= self.ends.end


class Comment(Struct, frozen=True):
    """A comment (SPAN ends with its line), and what it would cover."""

    span: Span
    coverage: Coverage


class Entry(Struct, frozen=True):
    """One code or name in the brackets of a directive."""

    name: str
    span: Span


class Directive(Struct, frozen=True):
    """A comment that silences. SPAN is the comment with its reason, NAMES_SPAN what stands in the brackets, REMOVAL
    what goes when the comment goes: the blanks before it, or its whole line. PROBLEM says why it silences nothing."""

    path: str
    span: Span
    entries: tuple[Entry, ...]
    coverage: Coverage
    names_span: Span = NOWHERE
    removal: Span = NOWHERE
    problem: str | None = None


class Suppression(Struct, frozen=True):
    """A directive after the rules have run: which of its entries silenced nothing (UNUSED) and which name no rule
    (UNKNOWN, each with the name that it may be a slip of)."""

    directive: Directive
    unused: tuple[Entry, ...] = ()
    unknown: tuple[tuple[Entry, str | None], ...] = ()
