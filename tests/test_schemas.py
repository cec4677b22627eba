"""The published schemas are what the program reads and writes. `pytest --update` writes them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from celery_lint.commands.catalogue import schema as rules_schema
from celery_lint.report.counts import schema as statistics_schema
from celery_lint.report.json import schema as findings_schema
from celery_lint.report.jsonl import schema as finding_schema
from celery_lint.settings import schema as configuration_schema
from celery_lint.views.json import schema as map_schema
from celery_lint.views.review.json import schema as review_schema

SCHEMAS = Path(__file__).parent.parent / "celery_lint/schemas"


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("configuration.json", configuration_schema),
        ("finding-v1.json", finding_schema),
        ("findings-v1.json", findings_schema),
        ("map-v1.json", map_schema),
        ("review-v1.json", review_schema),
        ("rules-v1.json", rules_schema),
        ("statistics-v1.json", statistics_schema),
    ],
)
def test_the_published_schema_is_current(name: str, schema: Callable[[], dict[str, object]], update: bool) -> None:
    text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    if update:
        SCHEMAS.mkdir(exist_ok=True)
        (SCHEMAS / name).write_text(text, encoding="utf-8")
    assert (SCHEMAS / name).read_text(encoding="utf-8") == text
    jsonschema.Draft202012Validator.check_schema(json.loads(text))


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ("preset = 'strict'\n[time-limits]\nsoft = 3\n", True),
        ("per-file-ignores = {'scripts/' = ['CEL408']}", True),
        ("presets = 'strict'", False),
        ("preset = 'lenient'", False),
        ("workers = [{pool = 'gevnt'}]", False),
        ("celery-version = 'five'", False),
    ],
)
def test_the_schema_of_the_configuration_knows_right_from_wrong(text: str, is_valid: bool) -> None:
    schema = json.loads((SCHEMAS / "configuration.json").read_text(encoding="utf-8"))
    assert jsonschema.Draft202012Validator(schema).is_valid(tomllib.loads(text)) == is_valid
