"""The script of the page, run by a browser. Skipped where there is none."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from celery_lint.configfile import Place
from celery_lint.formats import Target, written
from celery_lint.run import run
from celery_lint.settings import load
from celery_lint.views.drawing import declared_in, draw

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DEMO = Path(__file__).parent.parent / "fixtures/projects/demo"
# Does what somebody would do who reads the page, and leaves in the title what was to be seen.
READER = """
<script>
addEventListener("error", (event) => { document.title = JSON.stringify({ error: event.message }); });
setTimeout(async () => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = () => all(".finding:not([hidden])").map((each) => each.dataset.rule);
  const heads = () => all(".group:not([hidden]) .title").map((each) => each.textContent);
  const click = (selector) => document.querySelector(selector).click();
  const box = document.getElementById("search");
  const type = (text) => { box.value = text; box.dispatchEvent(new Event("input")); };
  const seen = { all: shown(), rules: heads(), toc: all("#toc a:not([hidden])").length };
  click('.switch[data-value="warning"]'); seen.warnings = shown();
  click('.switch[data-value="warning"]'); click('.switch[data-value="fix"]'); seen.fixable = shown();
  click('.switch[data-value="fix"]'); type("gevent WORKER"); seen.found = shown();
  type("no such thing"); seen.none = [shown(), document.getElementById("none").hidden]; type("");
  click('[data-by="file"]'); seen.files = heads(); seen.moved = shown().length;
  click('[data-by="rule"]'); seen.back = heads();
  click(".about"); seen.about = document.querySelector("#detail:not([hidden]) h3").textContent;
  click("#theme"); seen.theme = document.documentElement.dataset.theme;
  location.hash = "#map";
  const frame = document.getElementById("map");
  await new Promise((done) => { frame.addEventListener("load", done); });
  await new Promise((done) => setTimeout(done, 300));
  const inside = frame.contentDocument;
  const lines = inside.querySelectorAll("#lines path").length;
  seen.map = [document.getElementById("view").hidden, lines, inside.documentElement.dataset.theme];
  document.title = JSON.stringify(seen);
}, 100);
</script>
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a reader of the demo's page saw."""
    if BROWSER is None:
        pytest.skip("there is no browser")
    folder = tmp_path_factory.mktemp("browser")
    configuration = load(Place(DEMO, DEMO / "pyproject.toml"))
    done = run(configuration)
    picture = draw("demo", done.projects, done.report.findings, declared_in(configuration))
    page = written("html", done.report, Target(), lambda: picture)
    assert isinstance(page, bytes)
    (folder / "page.html").write_bytes(page.replace(b"</body>", READER.encode() + b"</body>"))
    ended = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            f"--user-data-dir={folder}/profile", "--virtual-time-budget=10000", "--window-size=1300,900", "--dump-dom",
            (folder / "page.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )  # fmt: skip
    title = re.search(r"<title>(.*?)</title>", ended.stdout, re.DOTALL)
    assert title, ended.stderr[-2000:]
    read: dict[str, Any] = json.loads(html.unescape(title[1]))
    return read


@pytest.mark.slow
def test_what_a_reader_sees(seen: dict[str, Any]) -> None:
    assert "error" not in seen, seen
    codes = ["CEL102", "CEL103", "CEL205", "CEL301", "CEL204", "CEL501", "CEL705"]
    assert seen["all"] == codes
    assert (seen["rules"][0], len(seen["rules"]), seen["toc"]) == ("run-until-complete-in-task", 7, 7)
    assert seen["warnings"] == ["CEL204", "CEL501"]
    assert set(seen["fixable"]) < set(codes)
    assert seen["fixable"]
    assert seen["found"] == ["CEL103"]
    assert seen["none"] == [[], False]
    assert seen["files"] == sorted(seen["files"])
    assert "docker-compose.yml" in seen["files"]
    assert seen["moved"] == 7
    assert seen["back"] == seen["rules"]
    assert seen["about"] == "CEL102 run-until-complete-in-task"
    assert seen["theme"] in ("light", "dark")
    hidden, lines, theme = seen["map"]
    assert hidden
    assert lines > 5
    assert theme == seen["theme"]
