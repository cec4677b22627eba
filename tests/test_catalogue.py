"""Which rules there are, and which of them run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from celery_lint.catalogue import Catalogue, load_catalogue
from celery_lint.errors import ConfigurationError
from celery_lint.finding import Confidence, Finding, Severity
from celery_lint.rule import Preset, Rule
from celery_lint.settings import Configuration, Settings


def nothing(subject: object) -> Iterator[Finding]:
    """Finds nothing."""
    yield from ()


def made(code: str, name: str, preset: Preset = "recommended") -> Rule:
    return Rule(code, name, "0.1", Severity.WARNING, Confidence.HIGH, "none", nothing, preset)


CATALOGUE = Catalogue(
    (
        made("CEL002", "unreadable-file"),
        made("CEL101", "first-loop"),
        made("CEL102", "second-loop"),
        made("CEL107", "strict-loop", "strict"),
        made("CEL108", "policy-loop", "policy"),
        made("CEL201", "first-wire"),
    )
)


def running(**settings: object) -> str:
    configuration = Configuration(Path(), Settings(**settings), {})  # type: ignore[arg-type]
    return " ".join(rule.code.removeprefix("CEL") for rule in CATALOGUE.agenda(configuration).rules)


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({}, "002 101 102 108 201"),
        ({"preset": "strict"}, "002 101 102 107 108 201"),
        ({"extend_select": ("strict-loop",)}, "002 101 102 107 108 201"),
        ({"select": ("CEL1",)}, "002 101 102 107 108"),
        ({"select": ("first-wire",)}, "002 201"),
        ({"select": ()}, "002"),
        ({"ignore": ("CEL1",)}, "002 201"),
        ({"ignore": ("CEL1",), "extend_select": ("CEL102",)}, "002 102 201"),
        ({"select": ("CEL1",), "ignore": ("CEL107", "CEL108")}, "002 101 102"),
        ({"select": ("CEL101",), "ignore": ("CEL101",)}, "002"),
        ({"ignore": ("CEL002",)}, "101 102 108 201"),
    ],
)
def test_the_closest_selector_decides(settings: dict[str, object], codes: str) -> None:
    assert running(**settings) == codes


@pytest.mark.parametrize("key", ["select", "extend_select", "ignore"])
def test_an_unknown_selector_is_an_error(key: str) -> None:
    with pytest.raises(ConfigurationError, match=r'default: .*: unknown rule "CEL9"'):
        running(**{key: ("CEL9",)})


def test_unknown_rules_in_tables_are_errors() -> None:
    with pytest.raises(ConfigurationError, match='severity: unknown rule "first-lop"; did you mean "first-loop"'):
        running(severity={"first-lop": "error"})
    with pytest.raises(ConfigurationError, match='unknown rule "cel101"; did you mean "CEL101"'):
        running(per_file_ignores={"a.py": ("cel101",)})


def test_the_closest_severity_decides() -> None:
    settings = Settings(severity={"CEL101": "info", "CEL": "error"})
    severities = CATALOGUE.agenda(Configuration(Path(), settings, {})).severities
    assert (severities["CEL101"], severities["CEL102"]) == (Severity.INFO, Severity.ERROR)


def test_every_rule_module_declares_its_rule() -> None:
    catalogue = load_catalogue()
    declared = {(rule.family, rule.stem) for rule in catalogue.rules}
    rules = Path(__file__).parent.parent / "celery_lint/rules"
    modules = {
        (file.parent.name, file.stem.replace("_", "-")) for file in rules.glob("*/*.py") if file.stem != "__init__"
    }
    assert declared == modules
    assert len({rule.code for rule in catalogue.rules}) == len({rule.name for rule in catalogue.rules}) == len(declared)
    assert {"CEL001", "CEL002"} <= {rule.code for rule in catalogue.rules}
    assert [rule.stem for rule in catalogue.rules] == [rule.name for rule in catalogue.rules]
