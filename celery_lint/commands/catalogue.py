"""`celery-lint explain` and `celery-lint rules`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

import msgspec
from msgspec import Struct

from celery_lint.catalogue import Catalogue, catalogue_of, page
from celery_lint.commands.console import write
from celery_lint.configfile import Place, locate
from celery_lint.errors import UserError
from celery_lint.rule import Preset, Rule
from celery_lint.settings import load


class Entry(Struct, frozen=True):
    """One rule, as `celery-lint rules --json` lists it."""

    code: str
    name: str
    family: str
    summary: str
    severity: Literal["error", "warning", "info"]
    confidence: Literal["high", "medium", "low"]
    fix: str
    preset: Preset
    since: str
    absorbs: tuple[str, ...]
    twins: tuple[str, ...]
    former: tuple[str, ...]


def schema() -> dict[str, object]:
    """The JSON schema of what `celery-lint rules --json` writes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(tuple[Entry, ...])}


def explain(selector: str | None, *, all_rules: bool, own_rules: bool = False) -> int:
    """Show the pages of the rules that SELECTOR means, or of all. OWN_RULES: those of the project here as well."""
    if all_rules == (selector is not None):
        raise UserError("name one rule, or ask for --all")
    catalogue = _catalogue(own_rules=own_rules)
    write("\n\n".join(_page(rule) for rule in _asked_for(catalogue, selector)).splitlines())
    return 0


def rules(*, as_json: bool, own_rules: bool = False) -> int:
    """List all rules, as a table or as JSON. OWN_RULES: those of the project here as well."""
    catalogue = _catalogue(own_rules=own_rules)
    if as_json:
        data = msgspec.json.format(msgspec.json.encode([_entry(rule) for rule in catalogue.rules]), indent=2)
        write([data.decode()])
        return 0
    entries = [_entry(rule) for rule in catalogue.rules]
    rows = [("CODE", "NAME", "SEVERITY", "PRESET", "FIX", "WHAT IT FINDS")]
    rows += [(entry.code, entry.name, entry.severity, entry.preset, entry.fix, entry.summary) for entry in entries]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    write("  ".join((*map(str.ljust, row, widths), row[-1])) for row in rows)
    return 0


def _catalogue(*, own_rules: bool) -> Catalogue:
    # A rule is explained beside a broken configuration too, unless that has to tell where rules are.
    place = locate(Path()) if own_rules else Place(Path(), None)
    return catalogue_of(load(place, own_rules=own_rules))


def _asked_for(catalogue: Catalogue, selector: str | None) -> tuple[Rule, ...]:
    if selector is None:
        return catalogue.rules
    found = catalogue.find(selector)
    if not found:
        raise UserError(f'unknown rule "{selector}"{catalogue.suggestion(selector)}')
    return found


def _page(rule: Rule) -> str:
    """The page of RULE; what the rule says of itself when it has none (a rule of a package that ships no pages)."""
    return (page(rule) or f"# {rule.code} {rule.name}\n\n{rule.summary}").strip()


def _entry(rule: Rule) -> Entry:
    return Entry(
        rule.code,
        rule.name,
        rule.family,
        rule.summary,
        cast('Literal["error", "warning", "info"]', rule.severity.label),
        cast('Literal["high", "medium", "low"]', rule.confidence.label),
        rule.fix,
        rule.preset,
        rule.since,
        rule.absorbs,
        rule.twins,
        rule.former,
    )
