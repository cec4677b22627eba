"""Which files are read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from celery_lint.discover import discover, divide


def plant(root: Path, *files: str, **contents: str) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents.get(name, ""))


def test_files_are_sorted_relative_paths(tmp_path: Path) -> None:
    plant(tmp_path, "b.py", "a/z.py", "a.py", "compose.yaml", "Procfile", "bin/worker")
    assert discover(tmp_path).paths == ("Procfile", "a.py", "a/z.py", "b.py", "bin/worker", "compose.yaml")


@pytest.mark.parametrize(
    "path",
    [
        ".git/hooks/a.py", "node_modules/a/b.py", "a/__pycache__/b.py", ".venv/a.py", ".tox/py311/a.py",
        "env/lib/python3.12/site-packages/celery/app.py", "a/.mypy_cache/b.py", "logo.png", "static/app.js",
    ],
)  # fmt: skip
def test_what_is_never_source_is_not_read(tmp_path: Path, path: str) -> None:
    plant(tmp_path, path)
    assert discover(tmp_path).paths == ()


@pytest.mark.parametrize("marker", ["pyvenv.cfg", "CACHEDIR.TAG"])
def test_virtual_environments_and_caches_are_not_read_whatever_their_name(tmp_path: Path, marker: str) -> None:
    plant(tmp_path, f"stuff/{marker}", "stuff/a.py", "stuff/deep/b.py")
    assert discover(tmp_path).paths == ()


def test_a_folder_named_like_a_skipped_one_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    plant(tmp_path, "node_modules/pyvenv.cfg", "node_modules/a.py")
    assert "a.py" in discover(tmp_path / "node_modules").paths


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ("*.py", ()),
        ("/a.py", ("sub/a.py", "sub/b.py")),
        ("sub/", ("a.py",)),
        ("*.py\n!b.py", ("sub/b.py",)),
        ("sub/*\n!sub/b.py", ("a.py", "sub/b.py")),
        ("# comment\n\n", ("a.py", "sub/a.py", "sub/b.py")),
        ("!", ("a.py", "sub/a.py", "sub/b.py")),
    ],
)
def test_gitignore(tmp_path: Path, ignored: str, left: tuple[str, ...]) -> None:
    plant(tmp_path, "a.py", "sub/a.py", "sub/b.py")
    plant(tmp_path, ".gitignore", **{".gitignore": ignored})
    assert tuple(path for path in discover(tmp_path).paths if path != ".gitignore") == left


def test_a_nested_gitignore_beats_the_one_above(tmp_path: Path) -> None:
    plant(tmp_path, "x.py", "sub/x.py", "sub/y.py", ".gitignore", **{".gitignore": "x.py"})
    plant(tmp_path, "sub/.gitignore", **{"sub/.gitignore": "!x.py\ny.py"})
    assert [path for path in discover(tmp_path).paths if path.endswith(".py")] == ["sub/x.py"]


def test_what_lies_in_an_ignored_folder_cannot_be_taken_back(tmp_path: Path) -> None:
    plant(tmp_path, "sub/x.py", ".gitignore", "sub/.gitignore", **{".gitignore": "sub/", "sub/.gitignore": "!x.py"})
    assert discover(tmp_path).paths == (".gitignore",)


def test_the_repository_around_the_project_ignores_too(tmp_path: Path) -> None:
    plant(tmp_path, ".gitignore", ".git/info/exclude", "services/a/x.py", "services/a/y.py", "services/a/z.py")
    (tmp_path / ".gitignore").write_text("/services/a/x.py\n")
    (tmp_path / ".git/info/exclude").write_text("y.py\n")
    assert discover(tmp_path / "services/a").paths == ("z.py",)


def test_the_exclude_file_of_a_worktree_is_the_main_repository_s(tmp_path: Path) -> None:
    main, worktree = tmp_path / "main", tmp_path / "worktree"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(main)]
    subprocess.run(["git", "init", "-q", str(main)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", str(worktree)], check=True)
    (main / ".git/info/exclude").write_text("x.py\n")
    plant(worktree, "x.py", "y.py")
    assert discover(worktree).paths == (".git", "y.py")


def test_exclude_is_relative_to_the_root(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "old/a.py", "sub/old/a.py", "sub/b_generated.py")
    assert discover(tmp_path, ["/old/", "*_generated.py"]).paths == ("a.py", "sub/old/a.py")


def test_links_that_leave_the_root_are_not_followed(tmp_path: Path) -> None:
    plant(tmp_path, "outside/a.py", "root/b.py")
    (tmp_path / "root/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "root/file.py").symlink_to(tmp_path / "outside/a.py")
    assert discover(tmp_path / "root").paths == ("b.py",)


def test_links_to_what_is_read_anyway_are_not_read_twice(tmp_path: Path) -> None:
    plant(tmp_path, "pkg/a.py")
    (tmp_path / "alias").symlink_to("pkg")
    (tmp_path / "alias.py").symlink_to("pkg/a.py")
    (tmp_path / "pkg/up").symlink_to("..")
    (tmp_path / "pkg/self").symlink_to("self")
    assert discover(tmp_path).paths == ("pkg/a.py",)


def test_a_link_is_followed_to_what_is_not_read_otherwise(tmp_path: Path) -> None:
    plant(tmp_path, "store/real/a.py", "store/real/deep/b.py", ".gitignore", **{".gitignore": "store"})
    (tmp_path / "app").symlink_to("store/real")
    (tmp_path / "deep").symlink_to("store/real/deep")
    assert [path for path in discover(tmp_path).paths if path.endswith(".py")] == ["app/a.py", "app/deep/b.py"]


def test_projects_are_the_deepest_folders_that_match() -> None:
    paths = ["README.md", "services/a/x.py", "services/b/deep/y.py", "services/b/z.py", "services/loose.py", "lib/l.py"]
    assert divide(paths, []) == (tuple(paths),)
    assert divide(paths, ["services/*"]) == (("services/a/x.py",), ("services/b/deep/y.py", "services/b/z.py"))
    assert divide(paths, ["services/*", "services/b/deep"])[2] == ("services/b/deep/y.py",)
    assert divide(paths, ["apps/*"]) == ()
