"""CEL001: a suppression that suppresses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from celery_lint.comments.model import Directive, Entry, Suppression
from celery_lint.finding import Applicability, Edit, Finding, Fix, Location, Span
from celery_lint.rule import HIGH, WARNING, rule

_FORM = "`# celery-lint: ignore[CEL102] reason`"


@rule("CEL001", "unused-suppression", since="0.1", severity=WARNING, confidence=HIGH, fix="safe / unsafe")
def check(suppression: Suppression) -> Iterator[Finding]:
    """A suppression comment silences nothing, or names a rule that does not exist."""
    directive = suppression.directive
    if directive.problem:
        message = f"this silences nothing: {directive.problem}; write {_FORM}"
        yield _finding(directive, directive.span, message, "", None)
    if suppression.unused:
        names = ", ".join(f"`{entry.name}`" for entry in suppression.unused)
        message = f"{names} silences nothing: there is no such finding here"
        span = suppression.unused[0].span if len(suppression.unused) == 1 else directive.span
        yield _finding(directive, span, message, names, _without(directive, suppression.unused))
    for entry, meant in suppression.unknown:
        yield _unknown(directive, entry, meant)


def _unknown(directive: Directive, entry: Entry, meant: str | None) -> Finding:
    message = f"there is no rule `{entry.name}`, so this silences nothing"
    if meant is None:
        return _finding(directive, entry.span, message, entry.name, _without(directive, [entry]))
    # Unsafe: from then on it silences a finding that is reported now.
    names = ", ".join(meant if each == entry else each.name for each in directive.entries)
    edit = Edit(directive.path, directive.names_span, names)
    fix = Fix(f"Silence `{meant}` instead", Applicability.UNSAFE, (edit,))
    return _finding(directive, entry.span, f"{message}; did you mean `{meant}`?", entry.name, fix)


def _without(directive: Directive, gone: Sequence[Entry]) -> Fix:
    """Remove GONE from the comment, or the whole comment. Every such edit replaces all that stands in the brackets:
    two of them overlap, so the second is made when the first is done."""
    left = [entry.name for entry in directive.entries if entry not in gone]
    edit = Edit(directive.path, directive.names_span, ", ".join(left))
    if not left:
        edit = Edit(directive.path, directive.removal, "")
    return Fix("Remove what silences nothing", Applicability.SAFE, (edit,))


def _finding(directive: Directive, span: Span, message: str, about: str, fix: Fix | None) -> Finding:
    return Finding(
        code="CEL001",
        name="unused-suppression",
        severity=WARNING,
        confidence=HIGH,
        message=message,
        location=Location(directive.path, span),
        entity=f"suppression:{about}",
        fix=fix,
    )
