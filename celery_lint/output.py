"""The ways in which findings can be written, by name. `celery_lint.formats` has what writes them."""

from __future__ import annotations

from typing import Literal, get_args

OutputFormat = Literal["full", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "html"]
FORMATS: tuple[OutputFormat, ...] = get_args(OutputFormat)
