"""What a rule says of itself, for those who read it away from the catalogue."""

from __future__ import annotations

import re

from celery_lint.catalogue import page
from celery_lint.rule import Rule

_LEFT_OUT = ("The fix", "References")
_COMMENT = re.compile(r"^<!--.*?-->\n?", re.DOTALL | re.MULTILINE)
# Pages are tests too: `# error: [CEL102] # fix: "safe"` at the end of a line says what is found there.
_EXPECTATION = re.compile(r"#\s*(?:error|warning|info):\s*(?:\d+\s+)?\[([\w-]+)\].*$", re.MULTILINE)
_PLACE_OF_PAGE = re.compile(r"\[([^\]]+)\]\((?!https?://)[^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_FENCE = re.compile(r"^```\w*\n", re.MULTILINE)


def help_markdown(rule: Rule) -> str:
    """The page of RULE without its title and header, how it is fixed (a finding shows that) and what only the
    repository knows: places of other pages, comments for tests."""
    text = page(rule) or f"## What it finds\n\n{rule.summary}\n"
    sections = re.split(r"\n(?=## )", text)
    kept = [each for each in sections if each.startswith("## ") and not each[3:].startswith(_LEFT_OUT)]
    whole = _COMMENT.sub("", "\n".join(kept))
    return _PLACE_OF_PAGE.sub(r"\1", _EXPECTATION.sub(r"# \1", whole)).strip() + "\n"


def help_text(rule: Rule) -> str:
    """The same as plain text."""
    text = _LINK.sub(r"\1", _FENCE.sub("", help_markdown(rule)))
    return re.sub(r"^#+ ", "", text.replace("`", "").replace("**", ""), flags=re.MULTILINE)


def description(rule: Rule) -> str:
    """The first paragraph of the page of RULE as plain text, with the list that it announces."""
    said: list[str] = []
    for paragraph in help_text(rule).split("\n\n")[1:]:
        said += paragraph.split()
        if not paragraph.rstrip().endswith(":"):
            break
    return " ".join(said) or rule.summary
