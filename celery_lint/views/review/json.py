"""`json`, version 1: a whole review, for programs. Its schema is `schemas/review-v1.json`."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from celery_lint import __version__
from celery_lint.report.text import printable_json
from celery_lint.views.json import Tool, encodable
from celery_lint.views.review.model import Review


class Document(Struct, frozen=True):
    """A whole review."""

    version: Literal[1]
    tool: Tool
    review: Review


def json(review: Review) -> bytes:
    """REVIEW as UTF-8."""
    data = msgspec.to_builtins(Document(1, Tool("celery-lint", __version__), review))
    return printable_json(msgspec.json.format(msgspec.json.encode(encodable(data)), indent=2)) + b"\n"


def schema() -> dict[str, object]:
    """The JSON schema of what `json` writes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Document)}
