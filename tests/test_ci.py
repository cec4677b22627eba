"""The action, and what docs/ci.md gives people to copy."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from celery_lint import __version__

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
GUIDE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
SHOWN = re.compile(r"<!-- file: (\S+) -->\n```yaml\n(.*?)```", re.DOTALL)


def validate(text: str, schema: str) -> None:
    folder = files("check_jsonschema") / "builtin_schemas/vendor"
    known = json.loads((folder / f"{schema}.json").read_text(encoding="utf-8"))
    # In YAML 1.1 `on` is a truth value.
    document = yaml.safe_load(text.replace("\non:", '\n"on":'))
    jsonschema.validators.validator_for(known)(known).validate(document)


def test_the_action_is_as_github_wants_it() -> None:
    validate((ROOT / "action.yml").read_text(encoding="utf-8"), "github-actions")


@pytest.mark.parametrize(
    ("file", "schema"),
    [("github.yml", "github-workflows"), ("azure.yml", "azure-pipelines"), ("gitlab.yml", "gitlab-ci")],
)
def test_what_is_there_to_copy_is_as_its_system_wants_it(file: str, schema: str) -> None:
    validate((ROOT / "docs/ci" / file).read_text(encoding="utf-8"), schema)


def test_the_guide_shows_the_files(update: bool) -> None:
    def current(shown: re.Match[str]) -> str:
        return f"<!-- file: {shown[1]} -->\n```yaml\n{(ROOT / shown[1]).read_text(encoding='utf-8')}```"

    text = SHOWN.sub(current, GUIDE)
    if update:
        (ROOT / "docs/ci.md").write_text(text, encoding="utf-8")
    else:
        assert text == GUIDE
    assert len(SHOWN.findall(GUIDE)) == len(list((ROOT / "docs/ci").iterdir()))


def test_the_guide_names_every_input() -> None:
    table = GUIDE.partition("| Input |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE) == list(ACTION["inputs"])


def test_the_guide_installs_this_version() -> None:
    named = re.findall(r"celery-lint(?:==|@v)([\d.]+\d)|rev: v([\d.]+\d)", GUIDE)
    assert {one or other for one, other in named} == {__version__}


def test_actions_of_others_are_pinned() -> None:
    for file in (ROOT / "action.yml", ROOT / "docs/ci/github.yml"):
        for line in re.findall(r"uses: .*", file.read_text(encoding="utf-8")):
            assert re.fullmatch(r"uses: [\w./-]+@[0-9a-f]{40} # v[\d.]+|uses: OWNER/celery-lint@v[\d.]+", line), line


def test_no_script_holds_an_input() -> None:
    """What is put into a script by GitHub is run by the shell."""
    for step in STEPS.values():
        assert "${{" not in step.get("run", "")


def run(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script of the step NAME as GitHub does."""
    script = folder / "script.sh"
    script.write_text(STEPS[name]["run"])
    (folder / "bin").mkdir(exist_ok=True)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "RUNNER_TEMP": str(folder),
            "GITHUB_OUTPUT": str(folder / "output"),
            "BIN": str(folder / "bin"),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


posix = pytest.mark.skipif(sys.platform == "win32", reason="there is no bash to count on")


@posix
@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_the_step_that_lints(tmp_path: Path, status: int) -> None:
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin/celery-lint"
    stub.write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" > {tmp_path}/arguments\nexit {status}\n')
    stub.chmod(0o755)
    paths = "a b.py\n\n$(touch pwned)\n--fix\n"
    arguments = "--fail-level error\n  `touch pwned` * --select\tCEL1"
    done = run("Lint", tmp_path, LINT_PATHS=paths, LINT_ARGS=arguments)
    assert done.returncode == status, done.stderr
    assert (tmp_path / "arguments").read_text().splitlines() == [
        "check", "--output-format", "github", "--report", f"sarif={tmp_path}/celery-lint.sarif",
        "--cache-dir", f"{tmp_path}/celery-lint-cache",
        "--fail-level", "error", "`touch", "pwned`", "*", "--select", "CEL1",
        "--", "a b.py", "$(touch pwned)", "--fix",
    ]  # fmt: skip
    assert (tmp_path / "output").read_text() == f"status={status}\nsarif={tmp_path}/celery-lint.sarif\n"
    assert not (tmp_path / "pwned").exists()


@posix
def test_the_step_that_lints_without_arguments(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin/celery-lint"
    stub.write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" > {tmp_path}/arguments\n')
    stub.chmod(0o755)
    done = run("Lint", tmp_path, LINT_PATHS=".", LINT_ARGS="")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "arguments").read_text().splitlines()[-2:] == ["--", "."]


@posix
@pytest.mark.parametrize(
    ("version", "wanted"), [("", "/the/action"), ("0.1.0", "celery-lint==0.1.0"), ("1.0rc1", "celery-lint==1.0rc1")]
)
def test_the_step_that_installs(tmp_path: Path, version: str, wanted: str) -> None:
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/bash\n"
        f'echo "$@" >> {tmp_path}/calls\n'
        f'if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp {python} "$3/bin/python"; fi\n'
    )
    python.chmod(0o755)
    done = run("Install celery-lint", tmp_path, PYTHON=str(python), VERSION=version, ACTION="/the/action")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"-m venv {tmp_path}/celery-lint-venv",
        f"-m pip install --quiet --disable-pip-version-check {wanted}",
    ]
    assert (tmp_path / "output").read_text() == f"bin={tmp_path}/celery-lint-venv/bin\n"


@posix
@pytest.mark.parametrize("version", ["1; touch pwned", "$(touch pwned)", "1.0 --index-url=http://x", "@ git+https://x"])
def test_a_version_that_is_none_is_refused(tmp_path: Path, version: str) -> None:
    done = run("Install celery-lint", tmp_path, PYTHON="false", VERSION=version, ACTION="/the/action")
    assert done.returncode == 2
    assert done.stdout == "::error title=celery-lint::the input version is no version\n"
    assert not (tmp_path / "pwned").exists()


def test_the_options_in_the_guide_exist() -> None:
    from celery_lint.cli import check

    known = {option for parameter in check.params for option in parameter.opts}
    text = GUIDE + (ROOT / "action.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    others = {"--quiet", "--disable-pip-version-check"}
    assert used - known - others == set()
