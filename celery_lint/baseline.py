"""The findings that a project has decided to live with for now: kept in a file, recognised by fingerprint.

One finding a line, sorted, and nothing in a line that moves with the code: a difference shows which findings came and
went, and git merges what two branches did.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from celery_lint.errors import UserError
from celery_lint.finding import Finding
from celery_lint.judge import INTERNAL_ERROR
from celery_lint.regular import read_regular
from celery_lint.report.fingerprint import Identity, identities
from celery_lint.report.model import Report
from celery_lint.report.text import escape
from celery_lint.settings import Configuration

FILE = ".celery-lint-baseline.jsonl"
_VERSION = 1
_LARGEST = 100_000_000


class _Head(Struct, frozen=True):
    """The first line of the file."""

    baseline: str
    version: int


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """One finding. All but the FINGERPRINT is for people, and tells where to look for one that moved."""

    path: str
    code: str
    entity: str
    message: str
    fingerprint: str

    @property
    def sort_key(self) -> tuple[str, ...]:
        """How entries are sorted: as a report is, as far as lines play no part."""
        return self.path, self.code, self.entity, self.message, self.fingerprint


_HEAD = _Head("celery-lint", _VERSION)


class Baseline(Struct, frozen=True):
    """What is in FILE; it need not exist yet when there is nothing."""

    file: Path
    entries: tuple[Entry, ...] = ()
    exists: bool = True

    def match(self, report: Report, known: Collection[str]) -> Match:
        """What of REPORT (all findings of a run) is in here. KNOWN are the codes of all rules that there are, and those
        that they had before."""
        places = {
            Place(finding, index): identity
            for finding, own in identities(report.findings, report.source).items()
            for index, identity in enumerate(own)
        }
        entries = {entry.fingerprint: entry for entry in self.entries}
        prints = {place: identity.fingerprint for place, identity in places.items()}
        matched = {
            place: entries[mark]
            for place, identity in places.items()
            for mark in _marks(identity, report.former_codes(identity.code))
            if mark in entries
        }
        used = {entry.fingerprint for entry in matched.values()}
        unused = [entry for mark, entry in entries.items() if mark not in used]
        left = {place: identity for place, identity in places.items() if place not in matched}
        moved = _moved(left, unused, report.root)
        used |= {entry.fingerprint for entry in moved.values()}
        former = {each for code in report.judged for each in report.former_codes(code)}
        ran = report.judged | former | ({entry.code for entry in self.entries} - set(known))
        stale = tuple(entry for entry in unused if entry.fingerprint not in used and entry.code in ran)
        return Match(prints, matched | moved, stale)


class Place(NamedTuple):
    """One of the places of a finding."""

    finding: Finding
    number: int


class Match(Struct, frozen=True):
    """The FINGERPRINTS of all places of all findings, the entry of each that is in the baseline, and entries that match
    nothing though their rule has run."""

    fingerprints: Mapping[Place, str]
    entries: Mapping[Place, Entry]
    stale: tuple[Entry, ...]

    def hide(self, report: Report) -> Report:
        """REPORT without what is in the baseline. Of a mistake that is made in several places the new ones are left."""
        kept: list[Finding] = []
        known_as: dict[Finding, str] = {}
        for finding in report.findings:
            new = [index for index in range(len(finding.places)) if Place(finding, index) not in self.entries]
            if new:
                shown = _narrowed(finding, new)
                known_as[shown] = self.fingerprints[Place(finding, new[0])]
                kept.append(shown)
        hidden = len(report.findings) - len(kept)
        return replace(report, findings=tuple(kept), baselined=hidden, stale=len(self.stale), known_as=known_as)

    def entry(self, place: Place) -> Entry:
        """The entry for PLACE: the one that there is, unless it is known otherwise today."""
        finding, mark = place.finding, self.fingerprints[place]
        known = self.entries.get(place)
        if known is not None and known.fingerprint == mark:
            return known
        path = finding.places[place.number].path
        return Entry(_text(path), finding.code, _text(finding.entity), _text(finding.message), mark)


def _narrowed(finding: Finding, new: Sequence[int]) -> Finding:
    """FINDING at those of its places only that are NEW."""
    if len(new) == len(finding.places):
        return finding
    places = {finding.places[index] for index in new}
    first, *_ = (finding.places[index] for index in new)
    related = tuple(
        each for each in finding.related if not each.again or (each.location in places and each.location != first)
    )
    return replace(finding, location=first, related=related)


def _marks(identity: Identity, former: Sequence[str]) -> Iterator[str]:
    """What IDENTITY is known by, and was by releases in which its rule had one of the FORMER codes. The fingerprint of
    today comes last: it counts before others."""
    yield from (replace(identity, code=code).fingerprint for code in former)
    yield identity.fingerprint


def _moved(left: Mapping[Place, Identity], unused: Sequence[Entry], root: Path) -> dict[Place, Entry]:
    """The places of LEFT that an entry of UNUSED means, whose file has another name today.

    Nothing is guessed: with the old path, and the names that come from it, its fingerprint is that of the entry.
    """
    gone: dict[str, dict[str, Entry]] = {}
    for entry in unused:
        if not os.path.lexists(root / entry.path):
            gone.setdefault(entry.path, {})[entry.fingerprint] = entry
    found: dict[Place, Entry] = {}
    for old, entries in gone.items():
        for place, known in left.items():
            names = () if place in found else _names_before(known, old)
            prints = (replace(known, path=old, entity=name).fingerprint for name in names)
            same = next((entries.pop(each) for each in prints if each in entries), None)
            if same is not None:
                found[place] = same
    return found


def _names_before(known: Identity, old: str) -> Iterator[str]:
    """What the entity of KNOWN may have been called when its file was OLD."""
    yield known.entity
    if known.path in known.entity:
        yield known.entity.replace(known.path, old)
    now, before = _module(known.path), _module(old)
    # A module is imported from some folder above it.
    for cut in range(len(now)):
        if (name := ".".join(now[cut:])) in known.entity:
            for other in range(len(before)):
                yield known.entity.replace(name, ".".join(before[other:]), 1)


def _module(path: str) -> Sequence[str]:
    file = PurePosixPath(path)
    return file.parent.parts if file.stem == "__init__" else file.with_suffix("").parts


# The file


def find(configuration: Configuration, chosen: Path | None, *, isolated: bool = False) -> Baseline | None:
    """The baseline of a project: the file CHOSEN on the command line, else what CONFIGURATION names, else the usual
    one; None where there is none. Without a configuration (ISOLATED) only one that is chosen.

    Raises UserError for one that is named and not there, or cannot be used.
    """
    file, origin = location(configuration, chosen)
    if origin is None and (isolated or not os.path.lexists(file)):
        return None
    if not os.path.lexists(file):
        raise UserError(f"{origin}: there is no file {file}: `celery-lint baseline` writes it")
    return Baseline(file, _read(file))


def current(configuration: Configuration, chosen: Path | None) -> Baseline:
    """The baseline of a project, which need not exist yet. The others as above."""
    file, _ = location(configuration, chosen)
    exists = os.path.lexists(file)
    return Baseline(file, _read(file) if exists else (), exists)


def location(configuration: Configuration, chosen: Path | None) -> tuple[Path, str | None]:
    """Where the baseline of a project is, and who says so (None: nobody). Raises UserError when that is outside of the
    project, and the project says so."""
    if chosen is not None:
        return chosen.absolute(), "--baseline"
    root, named = configuration.root, configuration.settings.baseline
    file = root / (named or FILE)
    if not file.resolve().is_relative_to(root.resolve()):
        raise UserError(f"{file} is outside of the project: name it with --baseline to use it")
    return file, configuration.origin("baseline") if named else None


def _read(file: Path) -> tuple[Entry, ...]:
    try:
        data = read_regular(file, most=_LARGEST)
    except OSError as error:
        raise UserError(f"{file}: {error.strerror or error}") from None
    return tuple(_entries(data, file))


def _entries(data: bytes, file: Path) -> Iterator[Entry]:
    again = "`celery-lint baseline` writes it anew when it is deleted"
    lines = [(number, line) for number, line in enumerate(data.splitlines(), start=1) if line.strip()]
    for index, (number, line) in enumerate(lines):
        try:
            if index == 0:
                head = msgspec.json.decode(line, type=_Head)
                if head.baseline != _HEAD.baseline:
                    raise UserError(f"{file}: this is no baseline of celery-lint")
                if head.version != _VERSION:
                    raise UserError(
                        f"{file}: it has version {head.version}, and this celery-lint knows version {_VERSION}; {again}"
                    )
            else:
                yield msgspec.json.decode(line, type=Entry)
        except (msgspec.MsgspecError, UnicodeError):
            what = "it holds marks of a merge" if line[:7] in (b"<<<<<<<", b"=======", b">>>>>>>") else "it is damaged"
            raise UserError(f"{file}:{number}: {what}; {again}") from None
    if not lines:
        raise UserError(f"{file}: it is empty; {again}")


def save(baseline: Baseline, entries: Iterable[Entry]) -> bool:
    """Put ENTRIES into the file of BASELINE; whether that changes it. Raises UserError when it cannot be written."""
    from celery_lint.fix.write import WriteError, create, write  # with it comes LibCST

    ordered = sorted(set(entries), key=lambda entry: entry.sort_key)
    data = b"".join(msgspec.json.encode(each) + b"\n" for each in (_HEAD, *ordered))
    file = baseline.file
    try:
        if not os.path.lexists(file):
            create(file, data)
            return True
        before = read_regular(file, most=_LARGEST)
        if before == data:
            return False
        write(file.parent, {file.name: before}, {file.name: data})
    except WriteError as error:
        raise UserError(f"{file} cannot be written: {error}") from None
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror or error}") from None
    return True


def may_be_kept(finding: Finding) -> bool:
    """Whether FINDING may be put into a baseline: not that celery-lint itself failed."""
    return finding.code != INTERNAL_ERROR


def _text(text: str) -> str:
    """TEXT as a line of JSON can hold it."""
    return text if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text) else escape(text)
