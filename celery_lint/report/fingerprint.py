"""What a finding is recognised by when lines have moved, names of variables have changed, and a formatter has been."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from celery_lint.finding import Finding, Location
from celery_lint.report.essence import essence, local_names
from celery_lint.source import Source

# A command is what it runs, not with which options; a variable of a function is what is put into it.
_VARIABLES = ("engine:", "session:", "client:")
_COMMAND = re.compile(
    r"(?:command|worker):.*?\s(?:worker|beat|multi|flower|events|inspect|control|purge|amqp|call|shell)\b"
)


class Identity(Struct, frozen=True):
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
        import hashlib  # it loads OpenSSL

        ordinal = (str(self.ordinal),) if self.ordinal > 1 else ()
        parts = (self.code, self.path, self.entity, self.essence, *ordinal)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def fingerprint(finding: Finding, source: Source) -> str:
    """The fingerprint of FINDING in the file SOURCE, as if nothing else was the same."""
    return identities([finding], lambda _: source)[finding][0].fingerprint


def identities(
    findings: Iterable[Finding], source_of: Callable[[str], Source]
) -> Mapping[Finding, tuple[Identity, ...]]:
    """The identities of each of FINDINGS, which are all of a run, in order: one for each place of the mistake. Of those
    that are the same to the letter (the same call twice in one task) each has its own."""
    essences: dict[Location, str] = {}
    seen: Counter[tuple[str, str, str, str]] = Counter()
    found: dict[Finding, tuple[Identity, ...]] = {}
    for finding in findings:
        if finding in found:
            continue
        known = []
        entity = _entity(finding, source_of)
        for place in finding.places:
            if place not in essences:
                essences[place] = "" if place.path == "." else essence(source_of(place.path), place.span)
            parts = (finding.code, place.path, entity, essences[place])
            seen[parts] += 1
            known.append(Identity(*parts, ordinal=seen[parts]))
        found[finding] = tuple(known)
    return found


def _entity(finding: Finding, source_of: Callable[[str], Source]) -> str:
    command = _COMMAND.match(finding.entity)
    if command:
        return command[0]
    what, _, name = finding.entity.rpartition(":")
    if finding.entity.startswith(_VARIABLES):
        place = finding.location
        return what if name in local_names(source_of(place.path), place.span) else finding.entity
    return finding.entity
