"""What a rewriter answers: edits, or the reason why there are none."""

from __future__ import annotations

from msgspec import Struct

from celery_lint.finding import Applicability, Edit


class Rewrite(Struct, frozen=True):
    """Edits that carry out a remedy, and what an editor calls them."""

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...]


class Withheld(Exception):  # noqa: N818 - an answer, not an error
    """There is no automatic fix. The message completes the sentence "No automatic fix: …"."""

    @property
    def reason(self) -> str:
        """The whole sentence, as it is shown."""
        return f"No automatic fix: {self.args[0]}."
