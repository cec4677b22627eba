"""What the site is made of. `make docs` builds it and looks at every link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from celery_lint.catalogue import load_catalogue
from celery_lint.cli import group
from scripts.site import check, contracts, marked, places, reference, rules
from scripts.site.terminal import to_html

ROOT = Path(__file__).parent.parent
CSS = (ROOT / "docs/assets/site.css").read_text(encoding="utf-8")
SCHEMES = dict(re.findall(r'\[data-md-color-scheme="(\w+)"\] \{\n(.*?)\n\}', CSS, re.DOTALL)[:2])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", ["ground", "raised", "mark"])
@pytest.mark.parametrize("ink", ["ink", "soft", "green", "green-strong", "error", "warning", "info", "violet"])
def test_text_can_be_read(scheme: str, ground: str, ink: str) -> None:
    assert _contrast(_color(scheme, ink), _color(scheme, ground)) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_buttons_can_be_read(scheme: str) -> None:
    assert _contrast(_color(scheme, "on-green"), _color(scheme, "green")) >= 4.5


def _color(scheme: str, name: str) -> str:
    found = re.search(rf"--{name}: #([\da-f]{{6}})", SCHEMES[scheme])
    assert found is not None
    return found[1]


def _contrast(one: str, other: str) -> float:
    """As WCAG counts it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_what_breaks_is_about_rules_that_exist() -> None:
    codes = {rule.code for rule in load_catalogue().rules}
    assert set(rules.what_breaks()) <= codes
    assert all(kind["title"] and kind["text"] for kind in rules.broken_kinds().values())


@pytest.mark.parametrize(
    ("link", "led"),
    [
        ("fixes.md#safe-and-unsafe", "../fixes.md#safe-and-unsafe"),
        ("../rules/task/print-in-task.md", "../rules/task/print-in-task.md"),
        ("../rules/README.md", "../rules/index.md"),
        ("../SECURITY.md", "../security.md"),
        ("../Makefile", "../source/Makefile.md"),
        ("../.github/ISSUE_TEMPLATE", "../source/dot-github/ISSUE_TEMPLATE/index.md"),
        ("../celery_lint/schemas/map-v1.json", "../schemas/map-v1.json"),
        ("https://example.com/a.md", "https://example.com/a.md"),
        ("#here", "#here"),
    ],
)
def test_links_lead_on(link: str, led: str) -> None:
    wanted: list[str] = []
    assert places.relink(f"[a `b`]({link})", "docs/faq.md", "guides/x.md", wanted.append) == f"[a `b`]({led})"
    assert bool(wanted) == ("source/" in led)


def test_a_link_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(places.BrokenLinkError, match=r"docs/faq.md: there is no docs/gone.md"):
        places.relink("[a](gone.md)", "docs/faq.md", "faq.md", lambda _: None)


def test_code_is_left_alone() -> None:
    text = "```python\nx = [f](gone.md)\n```\n"
    assert places.relink(text, "docs/faq.md", "faq.md", lambda _: None) == text


def test_a_page_is_shown_without_what_only_its_tests_need() -> None:
    page = '`a/b.py`:\n\n```python\nx()  # error: [CEL102] "y"\nz()\n```\n\n```text\nas it is\n```\n'
    assert rules.executed(page) == (
        '```{ .python title="a/b.py" hl_lines="1" }\nx()\nz()\n```\n\n```{ .text }\nas it is\n```\n'
    )


def test_what_is_only_for_github_is_not_on_the_site() -> None:
    text = "a\n<!-- github -->\nb\n<!-- /github -->\nc <!-- site: number rules -->\n"
    assert marked.filled(text, lambda name, argument: f"{name}/{argument}") == "a\nc number/rules\n"


def test_every_key_and_every_option_is_there() -> None:
    keys = re.findall(r"^### `(.*?)`", reference.configuration(""), re.MULTILINE)
    assert {"select", "workers", "celery-version"} <= set(keys)
    text = reference.command_line("")
    for command in group.commands.values():
        for option in command.params:
            assert all(name in text for name in option.opts if name.startswith("--"))


def test_every_schema_is_explained() -> None:
    page = (ROOT / "docs/json.md").read_text(encoding="utf-8") + contracts.others("")
    for schema in (ROOT / "celery_lint/schemas").glob("*.json"):
        assert schema.stem in page


def test_what_a_terminal_shows_is_escaped_and_coloured() -> None:
    assert to_html("\033[31;1m<a>\033[0m & \033[2mb\033[0m") == (
        '<span class="t-red t-bold">&lt;a&gt;</span> &amp; <span class="t-dim">b</span>'
    )


def test_a_site_with_mistakes_is_not_accepted(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<script src="https://elsewhere/x.js"></script><a href="b.html#gone">1</a><a href="c.html">2</a>'
        '<a href="b.html#here">3</a><a href="https://elsewhere">4</a>'
    )
    (tmp_path / "b.html").write_text('<p id="here"></p>')
    (tmp_path / "a.css").write_text("@import 'https://elsewhere/y.css'; p { background: url(data:image/png;base64,a) }")
    assert list(check.problems(tmp_path)) == [
        "a.html: loads https://elsewhere/x.js",
        "a.html: b.html#gone leads nowhere",
        "a.html: c.html leads nowhere",
        "a.css: loads https://elsewhere/y.css",
    ]
