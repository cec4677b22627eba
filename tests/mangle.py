"""Changes all Python files of a project without changing what they do: moved down, reformatted, variables renamed.

python -m tests.mangle ROOT
"""

from __future__ import annotations

import ast
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

_COMMENT = b"# One of twenty lines.\n" * 20
_STYLE = 'line-length = 60\n[format]\nquote-style = "single"\nskip-magic-trailing-comma = true\n'


def mangle(root: Path) -> None:
    """Move, rename and reformat everything below ROOT."""
    files = [file for file in root.rglob("*.py") if file.is_file() and not file.is_symlink()]
    for file in files:
        file.write_bytes(with_other_names(file.read_bytes()))
    reformat(root)
    for file in files:
        file.write_bytes(moved_down(file.read_bytes()))


def reformat(root: Path) -> None:
    """Let ruff format everything below ROOT, in a style that is hardly anybody's."""
    style = root / "mangle-style.toml"
    style.write_text(_STYLE, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", "--config", str(style), str(root)]
    subprocess.run(command, check=False, capture_output=True)  # what is no Python stays
    style.unlink()


def moved_down(data: bytes) -> bytes:
    """DATA behind twenty lines of comment."""
    bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    lines = data[len(bom) :].splitlines(keepends=True)
    head = next((n for n, line in enumerate(lines[:2]) if not line.startswith(b"#")), min(2, len(lines)))
    return bom + b"".join(lines[:head]) + _COMMENT + b"".join(lines[head:])


def with_other_names(data: bytes) -> bytes:
    """DATA with `_renamed` behind the names of variables of functions, where nothing else can mean them."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data.decode())
    except (SyntaxError, ValueError):
        return data
    places: dict[tuple[int, int], int] = {}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            places.update(_places(function))
    lines = data.splitlines(keepends=True)
    for (line, _), end in sorted(places.items(), reverse=True):
        lines[line - 1] = lines[line - 1][:end] + b"_renamed" + lines[line - 1][end:]
    return b"".join(lines)


def _places(function: ast.AST) -> Iterator[tuple[tuple[int, int], int]]:
    nodes = list(ast.walk(function))
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    if called & {"locals", "vars", "eval", "exec"}:
        return
    names = [node for node in nodes if isinstance(node, ast.Name)]
    mine = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.arg):
            mine.discard(node.arg)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            mine.difference_update(node.names)
        elif isinstance(node, ast.alias):
            mine.discard((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler) and node.name:
            mine.discard(node.name)
        elif isinstance(node, ast.JoinedStr | ast.ClassDef | ast.MatchAs | ast.MatchStar):
            # Places in formatted strings are not exact on every Python.
            inside = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            mine -= inside | {getattr(node, "name", None) or ""}
    for node in names:
        if node.id in mine and node.end_col_offset is not None:
            yield (node.lineno, node.col_offset), node.end_col_offset


if __name__ == "__main__":
    mangle(Path(sys.argv[1]))
