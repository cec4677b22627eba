"""What a finding is recognised by when lines have moved, names of variables have changed, and a formatter has been."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from celery_lint.finding import Finding
from celery_lint.report.essence import essence
from celery_lint.source import Source


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a finding from all others: rule, path, entity, the essence of the code concerned. ORDINAL counts those
    of which all this is the same, from the top of the file."""

    code: str
    path: str
    entity: str
    essence: str
    ordinal: int = 1

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits."""
        ordinal = (str(self.ordinal),) if self.ordinal > 1 else ()
        parts = (self.code, self.path, self.entity, self.essence, *ordinal)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def fingerprint(finding: Finding, source: Source) -> str:
    """The fingerprint of FINDING in the file SOURCE, as if nothing else was the same."""
    place = finding.location
    return Identity(finding.code, place.path, finding.entity, essence(source, place.span)).fingerprint


def identities(findings: Iterable[Finding], source_of: Callable[[str], Source]) -> Mapping[Finding, Identity]:
    """The identity of each of FINDINGS, which are all of a run, in order: of those that are the same to the letter (the
    same call twice in one task) each has its own."""
    essences: dict[tuple[str, int, int], str] = {}
    seen: Counter[tuple[str, str, str, str]] = Counter()
    found: dict[Finding, Identity] = {}
    for finding in findings:
        path, span = finding.location.path, finding.location.span
        place = (path, span.start, span.end)
        if place not in essences:
            essences[place] = "" if path == "." else essence(source_of(path), span)
        parts = (finding.code, path, finding.entity, essences[place])
        if finding not in found:
            seen[parts] += 1
            found[finding] = Identity(*parts, ordinal=seen[parts])
    return found
