"""FILTER: what comments and the configuration silence, and which comments silence nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from celery_lint.catalogue import Catalogue, FileIgnore
from celery_lint.comments.directives import directives, may_hold_directives, noqas
from celery_lint.comments.model import Directive, Entry, Suppression
from celery_lint.finding import Finding, Location
from celery_lint.source import Source

Used = frozenset[tuple[str, Entry]]


class Silenced(Struct, frozen=True):
    """The findings that are KEPT, how many comments silenced, and what those comments amount to. RENAMED tells of
    comments that name a rule as it was called before."""

    kept: tuple[Finding, ...]
    count: int
    suppressions: tuple[Suppression, ...]
    renamed: tuple[str, ...] = ()

    def subjects(self, kind: type[object], /) -> Iterable[object]:
        """The suppressions: what a rule about them is asked about."""
        return self.suppressions if kind is Suppression else ()


def silence(
    findings: Sequence[Finding],
    paths: Iterable[str],
    source_of: Callable[[str], Source],
    catalogue: Catalogue,
    judged: frozenset[str],
) -> Silenced:
    """FINDINGS without those that a comment in one of the files PATHS silences, at any of their locations.

    JUDGED are the codes of the rules that ran to their end: only for these can a comment be known to be unused.
    """
    ours = [each for path in paths if may_hold_directives(path) for each in directives(source_of(path))]
    by_path = _by_path(ours)
    twins = _twins(findings, source_of, catalogue)
    codes = catalogue.codes
    kept: list[Finding] = []
    used: set[tuple[str, Entry]] = set()
    for finding in findings:
        entries = set(_silencing(finding, by_path, codes))
        used |= entries
        if not entries and not _has_twin(finding, twins):
            kept.append(finding)
    suppressions = tuple(_suppression(each, frozenset(used), catalogue, judged) for each in ours)
    renamed = tuple(note for each in ours for note in _renamed(each, source_of, catalogue))
    return Silenced(tuple(kept), len(findings) - len(kept), suppressions, renamed)


def without_ignored(findings: Iterable[Finding], file_ignores: Sequence[FileIgnore]) -> tuple[Finding, ...]:
    """FINDINGS without those that the configuration ignores in their file."""
    return tuple(
        finding
        for finding in findings
        if not any(
            finding.code in ignore.codes and ignore.pattern.match_file(finding.location.path) for ignore in file_ignores
        )
    )


def _by_path(found: Iterable[Directive]) -> dict[str, list[Directive]]:
    by_path: dict[str, list[Directive]] = {}
    for directive in found:
        by_path.setdefault(directive.path, []).append(directive)
    return by_path


def _locations(finding: Finding) -> tuple[Location, ...]:
    return (finding.location, *(related.location for related in finding.related))


def _silencing(
    finding: Finding, by_path: Mapping[str, Sequence[Directive]], codes: Mapping[str, str]
) -> Iterator[tuple[str, Entry]]:
    for location in _locations(finding):
        for directive in by_path.get(location.path, ()):
            if directive.problem is None and directive.coverage.includes(location.span):
                for entry in directive.entries:
                    if codes.get(entry.name) == finding.code:
                        yield directive.path, entry


def _twins(
    findings: Sequence[Finding], source_of: Callable[[str], Source], catalogue: Catalogue
) -> list[tuple[str, frozenset[str], Directive]]:
    """For each rule with twins, by code: the `noqa` comments that name one of them. Only files with a finding of such
    a rule are searched."""
    found: list[tuple[str, frozenset[str], Directive]] = []
    for rule in catalogue.rules:
        if not rule.twins:
            continue
        for path in sorted({finding.location.path for finding in findings if finding.code == rule.code}):
            found.extend((rule.code, frozenset(rule.twins), directive) for directive in noqas(source_of(path)))
    return found


def _has_twin(finding: Finding, twins: Iterable[tuple[str, frozenset[str], Directive]]) -> bool:
    return any(
        code == finding.code
        and directive.path == finding.location.path
        and directive.coverage.includes(finding.location.span)
        and any(entry.name.upper() in names for entry in directive.entries)
        for code, names, directive in twins
    )


def _suppression(directive: Directive, used: Used, catalogue: Catalogue, judged: frozenset[str]) -> Suppression:
    if directive.problem is not None:
        return Suppression(directive)
    codes = catalogue.codes
    known = [entry for entry in directive.entries if entry.name in codes]
    return Suppression(
        directive,
        tuple(entry for entry in known if codes[entry.name] in judged and (directive.path, entry) not in used),
        tuple((entry, _meant(entry.name, catalogue.words)) for entry in directive.entries if entry not in known),
    )


def _renamed(directive: Directive, source_of: Callable[[str], Source], catalogue: Catalogue) -> Iterator[str]:
    for entry in directive.entries:
        now = catalogue.now(entry.name)
        if now is not None:
            line = source_of(directive.path).position(entry.span.start).line
            yield f'{directive.path}:{line}: "{entry.name}" is called {now} now'


def _meant(name: str, known: Collection[str]) -> str | None:
    """The code or name that NAME is nearly. Well-formed codes are all near each other: there a guess is worthless."""
    word = name.upper() if name[:3].upper() == "CEL" else name.lower().replace("_", "-")
    if re.fullmatch(r"CEL\d{3}", word):
        return word if word in known else None
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.75)), None)
