"""The pages of the rules, and the index of all."""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path

from celery_lint.catalogue import load_catalogue
from celery_lint.rule import Rule
from celery_lint.testing import parse
from celery_lint.testing.checking import write
from celery_lint.testing.expectations import take_out
from scripts.site.places import ROOT
from scripts.site.sources import experiments
from scripts.site.terminal import printed, window
from tests.evidence import results

_BLOCK = re.compile(
    r"(?:^`(?P<path>[^`\n]+)`(?: after `(?P<flag>--[a-z-]+)`)?:\n\n)?"
    r"^(?P<fence>`{3,})(?P<language>[^`\n]*)\n(?P<text>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
_HEADER = re.compile(r"<!-- header -->.*?<!-- /header -->\n", re.DOTALL)
_OPTION = re.compile(r"(?m)^(- )(`([a-z-]+) = [^`\n]*`)")
_AFTER_EXAMPLE = re.compile(r"(?=^## Use instead$)", re.MULTILINE)

# The families, in the order of their codes, as people call them.
FAMILIES = {
    "engine": "The tool itself",
    "event_loop": "Event loop",
    "wiring": "Wiring",
    "database": "Database",
    "task": "Task",
    "reliability": "Reliability",
    "calling": "Calling",
    "schedule": "Schedule",
    "settings": "Settings",
    "upgrade": "Upgrade",
}

_PRESETS = {
    "recommended": "on by default",
    "strict": "on with <code>--preset strict</code>",
    "policy": "on by an option of its own",
}
_FIXES = {
    "none": "no automatic fix",
    "safe": "safe fix",
    "unsafe": "unsafe fix",
    "safe / unsafe": "safe or unsafe fix",
}


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, by code."""
    return load_catalogue().rules


def page_path(rule: Rule) -> str:
    """The page of RULE: the same on the site and in the repository."""
    return f"rules/{rule.family}/{rule.stem}.md"


def code_path(rule: Rule) -> str:
    """The file of RULE in the repository."""
    return f"celery_lint/rules/{rule.family}/{rule.stem.replace('-', '_')}.py"


def cases_path(rule: Rule) -> str:
    """The edge cases of RULE in the repository."""
    return f"tests/fixtures/rules/{rule.family}/{rule.stem.replace('-', '_')}.md"


def rule_page(rule: Rule) -> str:
    """The page of RULE for the site: what it says in the repository, what celery-lint prints about its example, and
    where its source and its proof are."""
    text = (ROOT / page_path(rule)).read_text(encoding="utf-8")
    said = _AFTER_EXAMPLE.sub(lambda _: _output(rule, text), text, count=1)
    body = executed(said)
    heading = f'# <span class="code">{rule.code}</span> {rule.name}'
    body = _OPTION.sub(r"\1[\2](../../docs/configuration.md#\3)", body)
    described = json.dumps(_plain(rule.summary))
    front = f"---\ntitle: {rule.code} {rule.name}\ndescription: {described}\nsearch:\n  boost: 2\n---\n\n"
    body = body.replace(f"# {rule.code} {rule.name}", heading, 1)
    return front + _HEADER.sub(lambda _: _facts(rule), body, count=1) + "\n" + _background(rule)


def index_page() -> str:
    """All rules in one table that can be filtered, by family and by what breaks."""
    breaks = what_breaks()
    rows = "\n".join(_row(rule, breaks.get(rule.code, "")) for rule in rules())
    families = "".join(
        f'<option value="{family}">{name}</option>'
        for family, name in FAMILIES.items()
        if any(rule.family == family for rule in rules())
    )
    kinds = "".join(
        f'<option value="{kind}">{escape(words["title"])}</option>' for kind, words in broken_kinds().items()
    )
    text = (Path(__file__).parent / "rules.md").read_text(encoding="utf-8")
    return (
        text.replace("@@rows@@", rows)
        .replace("@@families@@", families)
        .replace("@@kinds@@", kinds)
        .replace("@@count@@", str(len(rules())))
        .replace("@@by_kind@@", _by_kind(breaks))
    )


@cache
def _declared() -> dict[str, dict[str, object]]:
    return tomllib.loads((Path(__file__).parent / "breaks.toml").read_text(encoding="utf-8"))


def broken_kinds() -> dict[str, dict[str, str]]:
    """What can break: a key, and its `title` and `text`."""
    return {kind: {"title": str(value["title"]), "text": str(value["text"])} for kind, value in _declared().items()}


def what_breaks() -> dict[str, str]:
    """What breaks when a rule is broken, by its code."""
    return {
        str(code): kind
        for kind, value in _declared().items()
        for code in (value["rules"] if isinstance(value["rules"], list) else [])
    }


def kinds(_: str) -> str:
    """What breaks, each with how many rules look for it and the gravest of them, for the home page."""
    breaks = what_breaks()
    parts = []
    for kind, words in broken_kinds().items():
        members = [rule for rule in rules() if breaks.get(rule.code) == kind]
        first = sorted(members, key=lambda rule: -rule.severity)[:4]
        links = "\n".join(f"- [{rule.code}](../{page_path(rule)}) {rule.summary}" for rule in first)
        more = f"\n- [{len(members) - 4} more](../rules/README.md#{_slug(words['title'])})" if len(members) > 4 else ""
        parts.append(f"<div markdown>\n\n### {words['title']}\n\n{links}{more}\n\n</div>\n")
    return '<div class="kinds" markdown>\n\n' + "\n".join(parts) + "\n</div>"


def _slug(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _by_kind(breaks: dict[str, str]) -> str:
    parts = []
    for kind, words in broken_kinds().items():
        members = [rule for rule in rules() if breaks.get(rule.code) == kind]
        links = "\n".join(f"- [{rule.code}]({rule.family}/{rule.stem}.md) {rule.summary}" for rule in members)
        parts.append(f"### {words['title']}\n\n{words['text']}\n\n{links}\n")
    return "\n".join(parts)


def _row(rule: Rule, kind: str) -> str:
    words = broken_kinds()[kind]["title"] if kind else ""
    link = f"{rule.family}/{rule.stem}.html"
    cells = (
        f'<td data-label="Rule"><a href="{link}"><code>{rule.code}</code> {rule.name}</a></td>'
        f'<td data-label="Finds">{_inline(rule.summary)}</td>'
        f'<td data-label="What breaks">{escape(words)}</td>'
        f'<td data-label="Severity"><span class="severity {rule.severity.label}">{rule.severity.label}</span></td>'
        f'<td data-label="Fix">{rule.fix}</td>'
    )
    marks = f'data-family="{rule.family}" data-breaks="{kind}" data-severity="{rule.severity.label}"'
    return f'<tr {marks} data-fix="{rule.fix}" data-preset="{rule.preset}">{cells}</tr>'


def _inline(text: str) -> str:
    """TEXT with `code` in it, as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def _plain(text: str) -> str:
    return text.replace("`", "")


def _facts(rule: Rule) -> str:
    """What stands below the title, for a glance."""
    proof = results.proofs(results.read()).get(rule.code)
    proven = f'<a class="fact proven" href="#source-and-proof">{escape(proof.rstrip("."))}</a>' if proof else ""
    words = (f"{rule.confidence.label} confidence", _FIXES[rule.fix], _PRESETS[rule.preset], f"since {rule.since}")
    facts = "".join(f'<span class="fact">{text}</span>' for text in words)
    severity = f'<span class="fact severity {rule.severity.label}">{rule.severity.label}</span>'
    return f'{_lead(rule)}\n\n<p class="facts" markdown="0">{severity}{facts}{proven}</p>\n'


def _lead(rule: Rule) -> str:
    return f'<p class="lead" markdown="0">{_inline(rule.summary)}</p>'


def executed(text: str) -> str:
    """A page that is executed, with its blocks as readers want them."""
    return _BLOCK.sub(_fenced, text)


def _fenced(block: re.Match[str]) -> str:
    """A fenced block with its file as its title, without what only tests need, its findings marked."""
    path, flag, fence, language = block["path"], block["flag"], block["fence"], block["language"]
    if not re.fullmatch(r"[\w+-]*", language):
        return block[0]
    text, expected = take_out(path or "", block["text"])
    marked = " ".join(str(each.line) for each in sorted(expected, key=lambda each: each.line))
    title = f"{path} after {flag}" if flag else path
    options = [f".{language or 'text'}"]
    options += [f'title="{title}"'] if title else []
    options += [f'hl_lines="{marked}"'] if marked else []
    return f"{fence}{{ {' '.join(options)} }}\n{text}{fence}"


def _output(rule: Rule, text: str) -> str:
    """What celery-lint prints about the example on the page TEXT."""
    case = next(case for case in parse(text, rule.name) if case.name.partition(" > ")[0] == "Example")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        write(root, case.files)
        return window(printed(root, case.select), f"celery-lint --select {rule.code}") + "\n\n"


def _background(rule: Rule) -> str:
    """Where the rule comes from: its source, its edge cases, its experiments."""
    count = len(parse((ROOT / cases_path(rule)).read_text(encoding="utf-8"), rule.name))
    lines = [
        "## Source and proof\n",
        f"- [The rule](../../{code_path(rule)}): `{code_path(rule)}`",
        f"- [{count} edge cases](../../{cases_path(rule)}) that it is tested with, beside the examples of this page",
    ]
    places = experiments().get(rule.code, [])
    for file, line, name in places:
        lines.append(f"- [Experiment `{name}`](../../{file}#__codelineno-0-{line}), on real Celery processes")
    seen = [each for each in results.read() if each.code == rule.code]
    if seen:
        lines += ["", "What the experiments saw, as [recorded](../../tests/evidence/results.json):", "", _seen(seen)]
    return "\n".join(lines) + "\n"


def _seen(seen: Iterable[results.Result]) -> str:
    rows = "".join(
        f"| {each.pool if each.pool != 'none' else '—'} | {each.celery} | {_cell(each.bad)} | {_cell(each.fixed)} |\n"
        for each in seen
    )
    return "| Pool | Celery | The example | Corrected |\n|---|---|---|---|\n" + rows


def _cell(text: str) -> str:
    shown = " ".join(text.split())
    return f"`` {shown.replace('|', '¦')} ``" if "`" in shown else f"`{shown.replace('|', '¦')}`" if shown else ""
