"""The command line, in this process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import Done, Lint

APP = "from celery import Celery\napp = Celery('proj')\n"
UNUSED = "x = 1  # celery-lint: ignore[gone-rule]\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj/app.py").write_text(APP)
    (tmp_path / "proj/tasks.py").write_text(APP + UNUSED)
    (tmp_path / "celery-lint.toml").write_text("select = ['CEL001']\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_findings_go_to_stdout_and_the_rest_to_stderr(project: Path, lint: Lint) -> None:
    done = lint()
    assert done.status == 1
    assert done.stdout.startswith("warning[CEL001] ")
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["Celery", "Read"]
    assert "Found 1 warning; 1 fixable with --fix." in done.stderr.splitlines()[-1]


def test_check_may_be_left_out(project: Path, lint: Lint) -> None:
    assert lint("--output-format", "concise") == lint("check", "--output-format", "concise")


def test_the_working_directory_is_not_the_root(project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "proj")
    done = lint("--output-format", "concise", ".")
    assert done.stdout.startswith("../proj/tasks.py:3:")
    assert json.loads(lint("--output-format", "json").stdout)["findings"][0]["path"] == "proj/tasks.py"


def test_paths_select_what_is_reported(project: Path, lint: Lint) -> None:
    assert lint("proj/app.py").status == 0
    assert lint("proj/app.py", "proj/tasks.py").status == 1
    assert lint(str(project / "proj")).status == 1


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 1),
        (["--fail-level", "error"], 0),
        (["--fail-level", "info"], 1),
        (["--ignore", "CEL001"], 0),
        (["--ignore", "unused-suppression"], 0),
        (["--select", "CEL002"], 0),
        (["--select", "CEL002", "--extend-select", "CEL0"], 1),
        (["--isolated", "--select", "CEL002,CEL001"], 1),
        (["--fix-only"], 0),
        (["--statistics"], 1),
        (["--output-format", "json"], 1),
        (["--output-format", "concise", "--quiet"], 1),
    ],
)
def test_exit_status(project: Path, lint: Lint, arguments: list[str], status: int) -> None:
    assert lint(*arguments).status == status


def test_severity_and_fail_level_from_the_configuration(project: Path, lint: Lint) -> None:
    (project / "celery-lint.toml").write_text("select = ['CEL001']\nseverity = {CEL001 = 'info'}\n")
    assert lint().status == 0
    assert lint("--fail-level", "info").status == 1


def test_per_file_ignores(project: Path, lint: Lint) -> None:
    (project / "celery-lint.toml").write_text("select = ['CEL001']\nper-file-ignores = {'tasks.py' = ['CEL001']}\n")
    assert lint().status == 0


def test_fix_writes_and_reports_what_remains(project: Path, lint: Lint) -> None:
    (project / "proj/other.py").write_text(APP + "x = 1  # celery-lint: ignore\n")
    done = lint("--fix", "--output-format", "concise")
    assert (project / "proj/tasks.py").read_text() == APP + "x = 1\n"
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["proj/other.py"]
    assert done.status == 1
    assert lint("--fix").stdout == lint().stdout


def test_fix_only_says_nothing_about_what_remains(project: Path, lint: Lint) -> None:
    (project / "proj/other.py").write_text(APP + "x = 1  # celery-lint: ignore\n")
    done = lint("--fix-only")
    assert (done.status, done.stdout) == (0, "")
    assert (project / "proj/tasks.py").read_text() == APP + "x = 1\n"


def test_fixes_outside_the_selection_are_not_written(project: Path, lint: Lint) -> None:
    assert lint("--fix", "proj/app.py").status == 0
    assert (project / "proj/tasks.py").read_text() == APP + UNUSED


def test_diff_changes_nothing(project: Path, lint: Lint) -> None:
    done = lint("--diff")
    assert done.status == 1
    assert done.stdout
    assert (project / "proj/tasks.py").read_text() == APP + UNUSED
    assert lint("--diff", "proj/app.py") == Done(0, "", "")


def test_statistics_replace_findings(project: Path, lint: Lint) -> None:
    assert lint("--statistics").stdout == "1  CEL001  unused-suppression\n"


def test_quiet_and_verbose(project: Path, lint: Lint) -> None:
    assert lint("--quiet").stderr == ""
    said = lint("--verbose").stderr.splitlines()
    assert f"root: {project}" in said
    assert f"configuration: {project / 'celery-lint.toml'}" in said
    assert "files: 3 found, 2 of a kind to be read" in said
    assert next(line for line in said if line.startswith("rules: 2; not run: CEL101, CEL102"))


def test_verbose_says_what_is_left_out(project: Path, lint: Lint) -> None:
    (project / "celery-lint.toml").write_text("exclude = ['legacy/', '*_old.py']\npreset = 'strict'\n")
    said = lint("--verbose").stderr.splitlines()
    assert "excluded: legacy/, *_old.py" in said
    assert next(line for line in said if line.startswith("rules: ")).endswith("not run: none")


def test_colour_on_request(project: Path, lint: Lint) -> None:
    assert "\033[" not in lint().stdout
    assert "\033[" in lint("--color", "always").stdout


def test_projects_are_linted_one_by_one(project: Path, lint: Lint) -> None:
    for name in ("a", "b"):
        (project / "services" / name).mkdir(parents=True)
        (project / "services" / name / "tasks.py").write_text(APP + UNUSED)
    (project / "celery-lint.toml").write_text("select = ['CEL001']\nprojects = ['services/*']\n")
    document = json.loads(lint("--output-format", "json").stdout)
    assert [finding["path"] for finding in document["findings"]] == ["services/a/tasks.py", "services/b/tasks.py"]
    assert (project / "celery-lint.toml").exists()
    assert lint("--fix").status == 0
    assert "gone-rule" not in (project / "services/b/tasks.py").read_text()


def test_a_crash_of_the_tool_is_status_3(project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("no\nway")

    monkeypatch.setattr("celery_lint.run.link", crash)
    done = lint()
    assert (done.status, done.stdout) == (3, "")
    assert done.stderr.startswith(
        "error: celery-lint itself failed, please report it: RuntimeError: no way (test_cli.py:"
    )
    assert len(done.stderr.splitlines()) == 1


def test_a_crash_of_a_rule_is_a_finding_and_status_3(
    project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("no way")

    monkeypatch.setattr("celery_lint.rules.engine.unused_suppression._finding", crash)
    done = lint("--verbose", "--output-format", "concise")
    assert done.status == 3
    assert "error internal-error CEL001 (unused-suppression) crashed" in done.stdout
    assert "Traceback" in done.stderr
    assert "Traceback" not in lint().stderr


def test_explain(lint: Lint) -> None:
    assert lint("explain", "CEL001").stdout.startswith("# CEL001 unused-suppression\n")
    assert lint("explain", "unused-suppression") == lint("explain", "CEL001")
    everything = lint("explain", "--all")
    assert everything.status == 0
    assert {"# CEL001 unused-suppression", "# CEL002 unreadable-file"} <= set(everything.stdout.splitlines())


def test_rules(lint: Lint) -> None:
    table = lint("rules").stdout.splitlines()
    document = json.loads(lint("rules", "--json").stdout)
    assert lint("rules", "--output-format", "json") == lint("rules", "--json")
    assert table[0].split() == ["CODE", "NAME", "SEVERITY", "PRESET", "FIX", "WHAT", "IT", "FINDS"]
    assert [line[:6] for line in table[1:]] == [rule["code"] for rule in document]
    listed = {rule["code"]: rule for rule in document}
    assert listed["CEL208"]["preset"] == "policy"
    for line in table[1:]:
        rule = listed[line[:6]]
        columns = (rule["name"], rule["severity"], rule["preset"], rule["fix"], rule["summary"])
        assert line.split()[1:4] == list(columns[:3])
        assert line.endswith(f"  {rule['summary']}")
        assert all(column in line for column in columns)
    assert document[0]["name"] == "unused-suppression"
    assert all(rule["summary"] for rule in document)


def test_config_shows_every_value_with_its_origin(project: Path, lint: Lint) -> None:
    lines = lint("config").stdout.splitlines()
    assert lines[0] == f"# root: {project}"
    assert lines[1].startswith("# Celery ")
    assert {tuple(line.split()) for line in lines[2:]} >= {
        ("select", "=", '["CEL001"]', "#", "celery-lint.toml:1"),
        ("preset", "=", '"recommended"', "#", "default"),
    }
    assert lint("config", "proj", "--isolated").stdout.count("# default") == len(lines) - 2


def test_the_celery_of_the_project_is_said_once(project: Path, lint: Lint) -> None:
    (project / "requirements.txt").write_text("celery==5.4.0\n")
    assert lint().stderr.splitlines()[0] == "Celery 5.4.0 (requirements.txt:1)"
    assert lint("--output-format", "json").stdout.startswith("{")
    assert lint("config").stdout.splitlines()[1] == "# Celery 5.4.0 (requirements.txt:1)"


def test_help_names_the_commands(lint: Lint) -> None:
    assert all(name in lint("--help").stdout for name in ("check", "explain", "rules", "config"))
    assert "--unsafe-fixes" in lint("check", "--help").stdout


def test_version_imports_nothing_heavy() -> None:
    root = Path(__file__).parent.parent
    code = (
        "import sys; sys.argv[1:] = ['--version']\n"
        "from celery_lint.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    version, modules = done.stdout.splitlines()
    assert version == "celery-lint 0.1.0"
    assert not {"libcst", "celery", "kombu", "yaml", "msgspec", "pathspec", "asyncio"} & set(modules.split())
