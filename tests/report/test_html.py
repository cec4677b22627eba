"""`html`: read back by a parser of HTML."""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from msgspec.structs import replace

from celery_lint.catalogue import load_catalogue
from celery_lint.finding import Applicability, Edit, Fix, Location, Severity, Span
from celery_lint.report.model import Report
from celery_lint.report.text import escape
from celery_lint.settings import Configuration, Settings
from celery_lint.source import Source
from celery_lint.views.drawing import declared_in, draw
from celery_lint.views.findings import html
from celery_lint.views.findings.source import code, difference, excerpt
from celery_lint.views.model import Picture
from tests.report.samples import NASTY, ODD_PATH, hostile, plain, report

RULES = {rule.code: rule for rule in load_catalogue().rules}
OURS = {
    "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "h4", "nav", "a", "span", "div",
    "label", "input", "button", "main", "p", "b", "section", "article", "pre", "i", "mark", "code", "ul", "li",
    "details", "summary", "strong", "iframe", "noscript", "aside", "footer", "template", "script", "wbr",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self.whole = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "wbr"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        tag = self._open[-1] if self._open else ""
        self.whole += data
        self.text[tag] = self.text.get(tag, "") + data


@cache
def nothing() -> Picture:
    configuration = Configuration(Path("/home/me/proj"), Settings(), {})
    return draw("proj", (), (), declared_in(configuration))


def page(each: Report, way: str = "") -> tuple[str, Page]:
    text = html(replace(each, rules=RULES), nothing, way)
    return text, Page(text)


def test_nothing_found() -> None:
    text, read = page(report())
    assert "No findings." in read.text["strong"]
    assert "Read 9 files" in text
    assert "3 suppressed." in text


def test_a_finding() -> None:
    _, read = page(report(plain(), repository="backend/"), "../")
    (article,) = [attributes for tag, attributes in read.tags if tag == "article"]
    assert article["data-file"] == "backend/proj/tasks.py"
    assert article["data-severity"] == "error"
    assert ("a", {"class": "place", "href": "../proj/tasks.py", "data-line": "1"}) in read.tags
    assert "asyncio.run()" in read.text["code"]
    assert [attributes["id"] for tag, attributes in read.tags if tag == "template"] == ["rule-CEL102"]


def test_nothing_of_the_project_is_markup() -> None:
    text, read = page(hostile())
    assert {tag for tag, _ in read.tags} <= OURS
    assert len([tag for tag, _ in read.tags if tag == "script"]) == 2
    assert not any(name.startswith("on") for _, attributes in read.tags for name in attributes)
    assert escape(NASTY).partition("`")[2].replace("`", "") in read.whole
    assert len([tag for tag, _ in read.tags if tag == "article"]) == 5
    assert "##[" not in text
    assert "##vso[" not in text


def test_what_is_shown_is_what_there_is() -> None:
    _, read = page(hostile())
    assert "имя = отправить.delay('</script>')\n" in read.whole
    assert any(ODD_PATH in (attributes.get("data-file") or "") for _, attributes in read.tags)


def test_the_page_needs_nothing_else() -> None:
    text, read = page(hostile())
    policy = next(a["content"] for tag, a in read.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    addresses = [attributes.get(name) or "" for _, attributes in read.tags for name in ("href", "src")]
    assert not [each for each in addresses if each.startswith(("http", "//", "javascript:", "data:"))]
    assert "@import" not in text
    assert "url(" not in text


def test_the_map_is_in_it() -> None:
    _, read = page(report(plain()))
    shown, _ = json.JSONDecoder().raw_decode(read.text["script"])
    assert Page(shown).tags[0] == ("html", {"lang": "en"})
    assert '<body class="embedded">' in shown


def test_switches_are_for_what_there_is() -> None:
    _, read = page(report(plain(), plain(severity=Severity.INFO), plain(severity=Severity.INFO)))
    assert [a["data-value"] for tag, a in read.tags if a.get("data-what")] == ["error", "info"]


def lines(text: str) -> list[str]:
    """The rows of an excerpt: number, mark of the row, text with [what is marked]."""
    shown = []
    for row in re.findall(r'<span(?: class="(?:hit|add|del|gap)")?><i.*?\n</span>', text):
        kind = match[1] if (match := re.match(r'<span class="(\w+)"', row)) else ""
        number = re.search(r'data-n="(\d*)"', row)
        marked = row.replace("<mark>", "[").replace("</mark>", "]").replace("][", "")
        assert number
        shown.append(f"{number[1]} {kind} {re.sub('<[^>]*>', '', marked)}".rstrip("\n"))
    return shown


def at(text: str, needle: str) -> Span:
    start = text.encode().index(needle.encode())
    return Span(start, start + len(needle.encode()))


def test_an_excerpt() -> None:
    text = "one\ntwo\n\tпри = f('x', 1)\nfour\n\nsix\n"
    assert lines(excerpt(Source("a.py", text.encode()), at(text, "f('x', 1)"))) == [
        "1  one", "2  two", "3 hit     при = [f(&#x27;x&#x27;, 1)]", "4  four",
    ]  # fmt: skip
    assert excerpt(Source("a.py", b""), Span(0, 0)) == ""


def test_an_excerpt_of_many_lines() -> None:
    text = "".join(f"line{number}\n" for number in range(1, 31))
    rows = lines(excerpt(Source("a.py", text.encode()), Span(0, len(text))))
    assert [row.split()[0] for row in rows if "hit" in row] == [*map(str, range(1, 10)), "28", "29", "30"]
    assert " gap ⋯" in rows


def test_the_difference_of_a_fix() -> None:
    text = "import a\n\n\n\n\n\n\n\n\n\ndef f():\n    print(1)\n    return 2\n"
    edits = (Edit("a.py", Span(9, 9), "import b\n"), Edit("a.py", at(text, "print(1)"), "log(1)"))
    assert lines(difference(Source("a.py", text.encode()), edits)) == [
        "1  import a", " add import b", "2  ", " gap ⋯", "11  def f():",
        "12 del     print(1)", " add     log(1)", "13      return 2",
    ]  # fmt: skip


def test_the_difference_at_the_end_of_a_file() -> None:
    source = Source("a.py", b"x = 1\r\ny = 2")
    assert lines(difference(source, [Edit("a.py", Span(7, 12), "y = 3\r\nz = 4")])) == [
        "1  x = 1", "2 del y = 2", " add y = 3", " add z = 4",
    ]  # fmt: skip
    assert lines(difference(source, [Edit("a.py", Span(0, 7), "")])) == ["1 del x = 1", "2  y = 2"]


def test_code_is_coloured_and_stays_what_it_is() -> None:
    for path in ("a.py", "a.yml"):
        for text in ("@app.task # x", "def f(x='a # b', y=\"<&\"): return 1e5  # <b>", "key: 'v' # c", "", "'open"):
            for marked in ((0, 0), (0, len(text)), (2, 4)):
                shown = Page(f"<p>{code(text, path, marked)}</p>")
                assert shown.whole == text
                assert {tag for tag, _ in shown.tags} <= {"p", "span", "mark"}
    assert code("x\x1b", "a.py") == "x\\x1b"
    assert code("x" * 5000, "a.py").endswith("…")
    assert '<span class="k">return</span>' in code("return 'x'", "a.py")


def test_a_fix_in_several_files_names_them() -> None:
    fix = Fix(
        "x", Applicability.SAFE, (Edit("proj/tasks.py", Span(0, 0), "a\n"), Edit("pyproject.toml", Span(0, 0), "b\n"))
    )
    text, _ = page(report(plain(fix=fix, location=Location("proj/tasks.py", Span(0, 6)))))
    assert "<h4>proj/tasks.py</h4>" in text
    assert "<h4>pyproject.toml</h4>" in text
