"""Code, page and edge cases of every rule belong together, and what is generated is up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from celery_lint.catalogue import load_catalogue
from celery_lint.rule import Rule
from celery_lint.settings import keys
from celery_lint.testing import load, with_header, with_index
from tests.evidence import results

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "rules"
EDGE_CASES = ROOT / "tests" / "fixtures" / "rules"
RULES = load_catalogue().rules
SECTIONS = ["What it finds", "Why it matters", "Example", "Use instead", "When it stays silent", "The fix"]

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def page_of(rule: Rule) -> Path:
    return CATALOGUE / rule.family / f"{rule.stem}.md"


def edge_cases_of(rule: Rule) -> Path:
    return EDGE_CASES / rule.family / f"{rule.stem.replace('-', '_')}.md"


def test_code_pages_and_edge_cases_are_the_same_set() -> None:
    assert RULES
    assert set(CATALOGUE.glob("*/*")) == {page_of(rule) for rule in RULES}
    assert set(EDGE_CASES.glob("*/*")) == {edge_cases_of(rule) for rule in RULES}


def test_codes_and_names_are_unique_and_well_formed() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"CEL\d{3}", rule.code) and re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name) for rule in RULES)
    assert all(rule.stem == rule.name for rule in RULES)
    assert {absorbed for rule in RULES for absorbed in rule.absorbs} <= {rule.code for rule in RULES}


@each_rule
def test_page_is_about_its_rule(rule: Rule) -> None:
    lines = page_of(rule).read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# {rule.code} {rule.name}"
    optional = {"Options"}
    assert [line[3:] for line in lines if line.startswith("## ") and line[3:] not in optional] == [
        *SECTIONS,
        "References",
    ]


@each_rule
def test_header_of_the_page_says_what_the_decorator_says(rule: Rule, update: bool) -> None:
    page = page_of(rule)
    proof = results.proofs(results.read()).get(rule.code, "")
    _same(page, with_header(page.read_text(encoding="utf-8"), rule, proof), update)


def test_what_is_proven_is_about_rules_that_exist() -> None:
    assert {each.code for each in results.read()} <= {rule.code for rule in RULES}
    assert all(each.proven for each in results.read())
    assert results.FILE.read_text(encoding="utf-8") == results.text(results.read())


def test_index_lists_all_rules(update: bool) -> None:
    index = CATALOGUE / "README.md"
    _same(index, with_index(index.read_text(encoding="utf-8"), RULES), update)


@each_rule
def test_page_reports_in_the_example_and_nothing_in_use_instead(rule: Rule) -> None:
    by_section = {case.name.partition(" > ")[0]: case for case in load(page_of(rule))}
    assert {each.code for each in by_section["Example"].expected} == {rule.code}
    assert not by_section["Use instead"].expected


@each_rule
def test_page_shows_the_fix_of_a_rule_that_has_one(rule: Rule) -> None:
    flags = {fixed.flag for case in load(page_of(rule)) for fixed in case.fixed}
    assert bool(flags) == (rule.fix != "none")
    assert "--fix" not in flags or "safe" in rule.fix.split(" / ")


@each_rule
def test_options_on_the_page_exist(rule: Rule) -> None:
    _, _, options = page_of(rule).read_text(encoding="utf-8").partition("\n## Options\n")
    named = set(re.findall(r"^- `([a-z-]+) = ", options, re.MULTILINE))
    assert bool(named) == bool(options)
    assert named <= set(keys())


@each_rule
def test_silence_is_tested_more_than_reports(rule: Rule) -> None:
    cases = load(edge_cases_of(rule))
    silent = sum(not case.expected for case in cases)
    assert silent >= len(cases) - silent
    assert silent < len(cases)


@each_rule
def test_edge_cases_are_about_their_rule(rule: Rule) -> None:
    text = edge_cases_of(rule).read_text(encoding="utf-8")
    assert text.startswith(f"# {rule.code} {rule.name}: edge cases\n")


def test_no_python_in_the_catalogue() -> None:
    # The import name `rules` belongs to django-rules in our users' environments.
    assert not list(CATALOGUE.rglob("*.py"))


def _same(path: Path, wanted: str, update: bool) -> None:
    if update:
        path.write_text(wanted, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == wanted, "out of date: run `pytest --update`"
