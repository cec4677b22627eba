"""`celery-lint explain` and `celery-lint rules`."""

from __future__ import annotations

import msgspec

from celery_lint.catalogue import Catalogue, load_catalogue, page
from celery_lint.commands.console import write
from celery_lint.errors import UserError
from celery_lint.rule import Rule


def explain(selector: str | None, *, all_rules: bool) -> int:
    """Show the pages of the rules that SELECTOR means, or of all."""
    if all_rules == (selector is not None):
        raise UserError("name one rule, or ask for --all")
    catalogue = load_catalogue()
    write("\n\n".join(_page(rule) for rule in _asked_for(catalogue, selector)).splitlines())
    return 0


def rules(*, as_json: bool) -> int:
    """List all rules, as a table or as JSON."""
    catalogue = load_catalogue()
    if as_json:
        data = msgspec.json.format(msgspec.json.encode([_facts(rule) for rule in catalogue.rules]), indent=2)
        write([data.decode()])
        return 0
    width = max(len(rule.name) for rule in catalogue.rules)
    write(f"{rule.code}  {rule.name:{width}}  {rule.severity.label:7}  {rule.summary}" for rule in catalogue.rules)
    return 0


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


def _facts(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "family": rule.family,
        "summary": rule.summary,
        "severity": rule.severity.label,
        "confidence": rule.confidence.label,
        "fix": rule.fix,
        "preset": rule.preset,
        "since": rule.since,
        "absorbs": rule.absorbs,
        "twins": rule.twins,
    }
