"""What a finding is recognised by when lines have moved."""

from __future__ import annotations

import hashlib

from celery_lint.finding import Finding
from celery_lint.source import Source


def fingerprint(finding: Finding, source: Source) -> str:
    """Rule, path, entity and the text concerned (in SOURCE, blanks made equal) as 32 hexadecimal digits."""
    snippet = " ".join(source.text(finding.location.span).split())
    parts = (finding.code, finding.location.path, finding.entity, snippet)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
