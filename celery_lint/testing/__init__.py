"""The runner of executed documentation, for this project's rules and for anybody's own.

A Markdown page is a set of small projects. A section with fenced files is a test; `path`: on a line before a fence
names the file (Python without a label is `proj/tasks.py`); comments at the ends of lines say what must be reported
there (`celery_lint.testing.expectations`), and `path` after `--fix`: or `--unsafe-fixes`: shows the fixed file. Every
finding must be expected and every expectation met.

    @pytest.mark.parametrize("case", load(Path("my_rules/no-sleep.md")), ids=lambda case: case.name)
    def test_page(case):
        assert not check(case)
"""

from celery_lint.testing.cases import Case, Fixed, load, parse
from celery_lint.testing.checking import AfterFix, Outcome, Reported, check, lint, problems, run
from celery_lint.testing.engine import CeleryLint, Engine
from celery_lint.testing.expectations import Expected
from celery_lint.testing.markdown import PageError
from celery_lint.testing.pages import header, index, with_header, with_index
from celery_lint.testing.projects import check_project

__all__ = [
    "AfterFix",
    "Case",
    "CeleryLint",
    "Engine",
    "Expected",
    "Fixed",
    "Outcome",
    "PageError",
    "Reported",
    "check",
    "check_project",
    "header",
    "index",
    "lint",
    "load",
    "parse",
    "problems",
    "run",
    "with_header",
    "with_index",
]
