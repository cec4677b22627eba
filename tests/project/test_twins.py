"""Which codes other linters report in which file. Ruff itself says what is right for its configurations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from celery_lint.project.code.files import Files
from celery_lint.project.linters.globs import matches
from celery_lint.project.linters.twins import Twins

PRINTING = "print(1)\n"
CODE = dict.fromkeys(("app/tasks.py", "app/sub/jobs.py", "tasks.py"), PRINTING)


def twins(root: Path, written: dict[str, str]) -> Twins:
    for path, text in written.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Twins(Files(root, sorted(written)))


# Each configuration ignores nothing for single files: then what is decided and what is reported are the same.
RUFF: list[dict[str, str]] = [
    {"ruff.toml": "line-length = 100\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\n"},
    {"ruff.toml": "[lint]\nselect = ['T']\n"},
    {"ruff.toml": "[lint]\nselect = ['ALL']\n"},
    {"ruff.toml": "[lint]\nselect = ['ALL']\nignore = ['T20']\n"},
    {"ruff.toml": "[lint]\nselect = ['T201']\nignore = ['T20', 'ALL']\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\nignore = ['T201']\n"},
    {"ruff.toml": "[lint]\nselect = ['T201']\nignore = ['T201']\n"},
    {"ruff.toml": "[lint]\nextend-select = ['T20']\n"},
    {"ruff.toml": "[lint]\nselect = ['E']\nextend-select = ['T201']\n"},
    {"ruff.toml": "[lint]\nselect = ['D']\n"},
    {"ruff.toml": "select = ['T20']\n"},
    {"pyproject.toml": "[tool.ruff.lint]\nselect = ['T20']\n"},
    {"pyproject.toml": "[tool.ruff.lint]\nselect = ['T20']\n", "app/pyproject.toml": "[project]\nname = 'a'\n"},
    {"pyproject.toml": "[tool.ruff.lint]\nselect = ['T20']\n", "app/ruff.toml": "line-length = 90\n"},
    {"pyproject.toml": "[tool.ruff.lint]\nselect = ['T20']\n", "ruff.toml": "line-length = 90\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\n", "app/ruff.toml": "extend = '../ruff.toml'\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\n", "app/ruff.toml": "extend = '../ruff.toml'\n[lint]\nselect = ['E']\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\n", "app/ruff.toml": "extend = '../ruff.toml'\n[lint]\nignore = ['T']\n"},
    {"ruff.toml": "[lint]\nignore = ['T201']\n", "app/ruff.toml": "extend = '../ruff.toml'\n[lint]\nselect = ['T']\n"},
    {"ruff.toml": "extend-exclude = ['sub']\n[lint]\nselect = ['T20']\n"},
    {"ruff.toml": "exclude = ['app/*.py']\n[lint]\nselect = ['T20']\n"},
    {"ruff.toml": "exclude = ['tasks.py']\n[lint]\nselect = ['T20']\n"},
    {"ruff.toml": "exclude = ['app/']\n[lint]\nselect = ['T20']\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\nexclude = ['**/jobs.py']\n"},
]


@pytest.mark.parametrize("configuration", RUFF, ids=lambda each: " + ".join(each.values()))
def test_ruff_reports_where_we_say_it_does(configuration: dict[str, str], tmp_path: Path) -> None:
    found = twins(tmp_path, CODE | configuration)
    assert {path for path in CODE if found.selected("T201", path)} == reported(tmp_path)


# These ignore T201 in some files: there, too, the code is decided, so what ruff reports is the rest.
FILE_IGNORES: list[dict[str, str]] = [
    {"ruff.toml": "[lint]\nselect = ['T20']\n[lint.per-file-ignores]\n'tasks.py' = ['T201']\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\n[lint.per-file-ignores]\n'app/*' = ['T20']\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\n[lint.per-file-ignores]\n'app/**/*.py' = ['ALL']\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\n[lint.per-file-ignores]\n'**/{jobs,other}.py' = ['T']\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\n[lint.per-file-ignores]\n'!app/sub/*' = ['T']\n"},
    {"ruff.toml": "[lint]\nselect = ['T20']\n[lint.extend-per-file-ignores]\n'app/[st]*.py' = ['T20']\n"},
    {
        "ruff.toml": "[lint]\nselect = ['T20']\n[lint.per-file-ignores]\n'app/*' = ['T20']\n",
        "app/sub/ruff.toml": "extend = '../../ruff.toml'\n",
    },
]


@pytest.mark.parametrize("configuration", FILE_IGNORES, ids=lambda each: " + ".join(each.values()))
def test_what_ruff_is_told_not_to_report_in_a_file_is_decided(configuration: dict[str, str], tmp_path: Path) -> None:
    selected = twins(tmp_path, CODE | configuration)
    assert all(selected.selected("T201", path) for path in CODE)
    without = {path: text.replace("select = ['T20']", "select = ['E']") for path, text in configuration.items()}
    only_told = {path for path in CODE if twins(tmp_path, CODE | without).selected("T201", path)}
    twins(tmp_path, configuration)
    assert only_told == set(CODE) - reported(tmp_path)


def reported(root: Path) -> set[str]:
    """The files in which ruff reports a print."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--quiet", "--output-format", "concise", "."]
    lines = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout.splitlines()
    return {line.partition(":")[0] for line in lines if " T201 " in line}


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        ({}, ()),
        ({"ruff.toml": ""}, ("B023", "DTZ003", "DTZ005")),
        ({"ruff.toml": "required-version = '>=0.15'"}, ()),
        ({"ruff.toml": "", "requirements.txt": "ruff==0.15.3\n"}, ()),
        ({"ruff.toml": "", "uv.lock": '[[package]]\nname = "ruff"\nversion = "0.16.2"\n'},
         ("B023", "DTZ003", "DTZ005")),
        ({".pre-commit-config.yaml": "- repo: https://github.com/astral-sh/ruff-pre-commit\n  rev: v0.17.0\n"},
         ("B023", "DTZ003", "DTZ005")),
        ({".pre-commit-config.yaml": "- repo: https://github.com/astral-sh/ruff-pre-commit\n  rev: v0.5.0\n"}, ()),
        ({"pyproject.toml": "[tool.ruff.lint]\nselect = ['ALL']\n"}, ("T201", "S113", "DTZ003", "DTZ005", "B023")),
        ({"pyproject.toml": "[tool.ruff.lint]\nselect = ['PIE', 'S']\n"}, ("S113",)),
        ({"pyproject.toml": "[tool.ruff.lint\n"}, ()),
        ({".flake8": "[flake8]\nselect = T20, PIE\n"}, ("T201", "PIE784", "PIE785")),
        ({".flake8": "[flake8]\nselect = B,C,E,F,W,T4,B9\n"}, ()),
        ({".flake8": "[flake8]\nselect = B,E\n", "requirements.txt": "flake8-bugbear\n"}, ("B023",)),
        ({".flake8": "[flake8]\nselect = PIE\nignore = PIE784\n"}, ("PIE785",)),
        ({".flake8": "[flake8]\nselect = PIE784\nignore = PIE\n"}, ("PIE784",)),
        ({".flake8": "[flake8]\nmax-line-length = 100\n", "dev.txt": "flake8-pie==0.16\nflake8-print\n"},
         ("T201", "PIE784", "PIE785")),
        ({"setup.cfg": "[flake8]\nextend-ignore =\n    E203,\n    T201\n", "dev.txt": "flake8-print\nflake8-bandit\n"},
         ("S113",)),
        ({".pre-commit-config.yaml": "    additional_dependencies: [flake8-datetimez]\n"}, ("DTZ003", "DTZ005")),
        ({"README.md": "We like flake8-print.\n"}, ()),
        ({"tox.ini": "[flake8]\nselect = T20\nexclude = app\n"}, ()),
        ({"tox.ini": "[flake8]\nselect = T20\n", ".flake8": "[flake8]\nselect = S113\n"}, ("T201",)),
        ({".flake8": "[flake8]\nselect = S113\nper-file-ignores =\n    app/*: T201,DTZ003\n    b.py: B023\n"},
         ("S113", "T201", "DTZ003")),
        ({".flake8": "[flake8]\nselect = S113\nper-file-ignores = b.py, tasks.py: T201 c.py: DTZ\n"}, ("S113", "T201")),
        ({"app/.flake8": "[flake8]\nselect = T20\n", ".flake8": "[flake8]\nselect = S113\n"}, ("T201",)),
    ],
)  # fmt: skip
def test_codes(files: dict[str, str], codes: tuple[str, ...], tmp_path: Path) -> None:
    found = twins(tmp_path, {"app/tasks.py": ""} | files)
    every = ("T201", "S113", "DTZ003", "DTZ005", "B023", "PIE784", "PIE785")
    assert {code for code in every if found.selected(code, "app/tasks.py")} == set(codes)


@pytest.mark.parametrize(
    ("glob", "path", "is_match"),
    [
        ("a/**/b.py", "a/b.py", True),
        ("a/**/b.py", "a/x/y/b.py", True),
        ("a/**", "a/x/y.py", True),
        ("**/b.py", "b.py", True),
        ("a/*.py", "a/x/y.py", True),
        ("a/?.py", "a/bc.py", False),
        ("{a,b}/x.py", "b/x.py", True),
        ("a,b", "a,b", True),
        ("[!a]b", "ab", False),
        ("a.py", "aXpy", False),
        ("{a", "a", False),
        ("[a", "[a", True),
    ],
)
def test_globs(glob: str, path: str, is_match: bool) -> None:
    assert matches(glob, path) == is_match
