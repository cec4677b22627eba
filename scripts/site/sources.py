"""Pages that show files of the repository as they are, so that the site needs no other one to be whole."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

from scripts.site.places import ROOT, relative, repository, source_path

_LANGUAGES = {".py": "python", ".md": "markdown", ".json": "json", ".toml": "toml", ".yml": "yaml", ".yaml": "yaml"}


def source_page(path: str) -> str:
    """The page of the file or folder PATH of the repository, as Markdown."""
    where = repository()
    there = f" [In the repository]({where}/blob/main/{path}){{ .there }}" if where else ""
    head = f"---\nsearch:\n  exclude: true\nhide:\n  - toc\n---\n\n# {Path(path).name}\n\n`{path}`{there}\n\n"
    return head + (_folder(path) if (ROOT / path).is_dir() else _file(path))


def files_in(folder: str) -> list[str]:
    """The files below FOLDER that git knows."""
    done = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, check=True)
    return sorted(filter(None, done.stdout.decode().split("\0")))


def _folder(path: str) -> str:
    page = source_path(path)
    rows = (f"- [`{each.removeprefix(path + '/')}`]({relative(source_path(each), page)})" for each in files_in(path))
    return "\n".join(rows) + "\n"


def _file(path: str) -> str:
    text = (ROOT / path).read_text(encoding="utf-8")
    fence = "`" * max(3, *(len(ticks) + 1 for ticks in re.findall(r"`{3,}", text)), 3)
    language = _LANGUAGES.get(Path(path).suffix, "text")
    return f'{fence}{{ .{language} linenums="1" }}\n{text.rstrip()}\n{fence}\n'


@cache
def experiments() -> dict[str, list[tuple[str, int, str]]]:
    """Where the experiments of every rule are, by code: file, line, name of the function."""
    found: dict[str, list[tuple[str, int, str]]] = {}
    for file in sorted((ROOT / "tests/evidence").glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for code in filter(None, map(_code, node.decorator_list)):
                    place = (file.relative_to(ROOT).as_posix(), node.decorator_list[0].lineno, node.name)
                    found.setdefault(code, []).append(place)
    return found


def _code(decorator: ast.expr) -> str | None:
    """The rule that the experiment of DECORATOR is about."""
    if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "Experiment":
        first = decorator.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value
    return None
