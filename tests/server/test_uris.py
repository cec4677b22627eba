"""URIs as editors write them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from celery_lint.server.uris import path_of, real_path, uri_of


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b.py", "/a/b.py"),
        ("FILE:///a/b.py", "/a/b.py"),
        ("file://localhost/a/b.py", "/a/b.py"),
        ("file:///a%20b/%C3%A9%23.py", "/a b/é#.py"),
        ("file:///a/b#c?d.py", "/a/b#c?d.py"),
        ("file:///a;b/c.py", "/a;b/c.py"),
        ("file:///c%3A/a.py", "/c:/a.py"),
        ("file://host/share/a.py", None),
        ("file:///a%00b.py", None),
        ("file://", None),
        ("untitled:Untitled-1", None),
        ("git:/a/b.py?ref=HEAD", None),
        ("vscode-notebook-cell:/a/b.ipynb#x", None),
        ("", None),
    ],
)
def test_paths(uri: str, path: str | None) -> None:
    assert path_of(uri, windows=False) == path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///c%3A/a%20b/c.py", "c:\\a b\\c.py"),
        ("file:///C:/a/c.py", "C:\\a\\c.py"),
        ("file://host/share/a.py", "\\\\host\\share\\a.py"),
        ("file:///c:", "c:"),
    ],
)
def test_paths_of_windows(uri: str, path: str) -> None:
    assert path_of(uri, windows=True) == path


@pytest.mark.parametrize("path", ["/a/b.py", "/a b/é#?;.py", "/c:/x", os.fsdecode(b"/a/\xff.py"), "/a/😀"])
def test_there_and_back(path: str) -> None:
    assert path_of(uri_of(path, windows=False), windows=False) == path


@pytest.mark.parametrize("path", ["c:\\a b\\é.py", "\\\\host\\share\\a.py"])
def test_there_and_back_on_windows(path: str) -> None:
    assert path_of(uri_of(path, windows=True), windows=True) == path


def test_what_is_no_absolute_path() -> None:
    assert real_path("file://") is None
    assert real_path("file:relative.py") is None


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert real_path(uri_of(str(tmp_path / "link" / "a.py"))) == (tmp_path / "real" / "a.py").resolve()
