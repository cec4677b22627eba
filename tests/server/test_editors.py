"""The configurations that docs/editors.md shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from celery_lint.cli import group
from celery_lint.errors import UserError
from tests.server.desk import TASKS, written

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/editors.md").read_text(encoding="utf-8")
SESSION = Path(__file__).with_name("session.lua")
# What each of these takes: package.json of vscode-glspc, languages.toml of Helix, the settings of Sublime's LSP.
GLSPC = {"command": str, "commandArguments": list, "languageId": list}


def blocks(language: str) -> list[str]:
    """The code blocks in LANGUAGE, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_vs_code() -> None:
    settings = json.loads(blocks("json")[0])
    found = {key.removeprefix("glspc.server."): value for key, value in settings.items() if key.startswith("glspc.")}
    assert {key: type(value) for key, value in found.items()} == GLSPC
    assert [found["command"], *found["commandArguments"]] == ["celery-lint", "server"]
    assert list(settings["editor.codeActionsOnSave"]) == ["source.fixAll.celery-lint"]


def test_helix() -> None:
    (block,) = blocks("toml")
    languages = tomllib.loads(block)
    assert languages["language-server"]["celery-lint"] == {"command": "celery-lint", "args": ["server"]}
    assert all("celery-lint" in language["language-servers"] for language in languages["language"])


def test_sublime_text() -> None:
    client = json.loads(blocks("json")[1])["clients"]["celery-lint"]
    assert client.keys() == {"enabled", "command", "selector"}
    assert client["command"] == ["celery-lint", "server"]


def test_options_are_those_that_there_are() -> None:
    said = CliRunner().invoke(group, ["server", "--help"]).output
    table = PAGE.partition("| Option |")[2].partition("\n\n")[0]
    shown = set(re.findall(r"--[a-z][a-z-]+", table))
    assert shown == set(re.findall(r"--[a-z][a-z-]+", said)) - {"--lens", "--help"}


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "celery_lint.server.app", raising=False)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    said = CliRunner().invoke(group, ["server"], standalone_mode=False)
    assert isinstance(said.exception, UserError)
    assert str(said.exception) == 'the server needs pygls: pip install "celery-lint[lsp]"'


@pytest.mark.slow
def test_neovim(tmp_path: Path) -> None:
    """Neovim itself, with the configuration of the page: it types, fixes and asks, and saves nothing."""
    program = os.environ.get("NVIM") or shutil.which("nvim")
    if program is None or not _has_configurations(program):
        pytest.skip("there is no Neovim 0.11 or later")
    root = written(tmp_path / "shop")
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/celery-lint"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m celery_lint "$@" --no-cache\n')
    script.chmod(0o755)
    (tmp_path / "init.lua").write_text(blocks("lua")[0])
    done = subprocess.run(
        [program, "--headless", "--clean", "-u", str(tmp_path / "init.lua"), "-c", f"luafile {SESSION}"],
        cwd=root,
        env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == [
        "attached celery_lint",
        "found 11:5 CEL102",
        "typed 11:15 CEL102",
        "offered Run the coroutine with `asyncio.run` (unsafe)",
        "offered Silence CEL102 with a comment",
        "offered Explain run-until-complete-in-task (CEL102)",
        'fixed     "é😀"; asyncio.run(fetch(to))',
        "hover **task** `shop.tasks.send_mail`",
        "lens 10 queue mail → worker (prefork ×8)",
        "lens 10 1 caller",
        "defined shop/tasks.py:10",
    ], done.stderr
    assert (root / "shop/tasks.py").read_text() == TASKS


def _has_configurations(program: str) -> bool:
    """Whether this Neovim has `vim.lsp.config`."""
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.match(r"NVIM v(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= (0, 11)
