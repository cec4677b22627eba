"""Where the configuration is found, and what is accepted in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from celery_lint.configfile import locate
from celery_lint.errors import ConfigurationError
from celery_lint.settings import Configuration, DeclaredWorker, Settings, TimeLimits, keys, load, override


def configured(root: Path, text: str) -> Configuration:
    (root / "celery-lint.toml").write_text(text)
    return load(locate(root))


def test_without_configuration_all_is_default(tmp_path: Path) -> None:
    configuration = load(locate(tmp_path))
    assert configuration.settings == Settings()
    assert {configuration.origin(key) for key in keys()} == {"default"}


def test_the_root_is_the_folder_of_the_nearest_configuration(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.celery-lint]")
    inner = tmp_path / "services/a"
    (inner / "pkg").mkdir(parents=True)
    assert locate(inner / "pkg").root == tmp_path
    (inner / "celery-lint.toml").write_text("")
    assert locate(inner / "pkg").root == inner
    assert locate(tmp_path / "services").root == tmp_path


def test_a_pyproject_that_does_not_configure_is_no_root(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a/pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert locate(tmp_path / "a").root == tmp_path
    assert locate(tmp_path / "a").file is None


def test_configuration_above_the_repository_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "celery-lint.toml").write_text("")
    (tmp_path / "repo/.git").mkdir(parents=True)
    assert locate(tmp_path / "repo").root == tmp_path / "repo"


def test_without_configuration_and_repository_the_target_is_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/tasks.py").write_text("")
    monkeypatch.chdir(tmp_path)
    assert locate(Path("a/b")).root == tmp_path / "a/b"
    assert locate(Path("a/b/tasks.py")).root == tmp_path / "a/b"


def test_a_given_configuration_replaces_the_search(tmp_path: Path) -> None:
    (tmp_path / "celery-lint.toml").write_text("")
    (tmp_path / "a").mkdir()
    (tmp_path / "ci.toml").write_text("preset = 'strict'")
    place = locate(tmp_path / "a", config=tmp_path / "ci.toml")
    assert (place.root, load(place).settings.preset) == (tmp_path, "strict")
    assert locate(tmp_path / "a", isolated=True).file is None


def test_two_configurations_in_one_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "celery-lint.toml").write_text("")
    (tmp_path / "pyproject.toml").write_text("[tool.celery-lint]")
    with pytest.raises(ConfigurationError, match="keep one"):
        locate(tmp_path)


def test_every_key_is_understood(tmp_path: Path) -> None:
    settings = configured(
        tmp_path,
        """
        select = ["CEL1", "print-in-task"]
        extend-select = ["CEL2"]
        ignore = ["CEL101"]
        exclude = ["old/"]
        baseline = "ci/known.jsonl"
        preset = "strict"
        fail-level = "info"
        output-format = "json"
        projects = ["services/*"]
        celery-version = "5.3"
        python-version = "3.12"
        kind = "library"
        asyncio-bridge = "persistent-loop"
        async-bridges = ["proj.aio.run"]
        task-decorators = ["proj.task"]
        session-factories = ["proj.db.session"]
        external-beat = ["nightly.*"]
        require-route = true
        broker = "redis"
        result-backend = "redis"
        external-queues = ["mail*"]
        external-tasks = ["billing.*"]
        missing-time-limit = "per-task"
        unused-bind = true
        async-policy = "forbid"
        task-wrappers = ["proj.traced"]
        require-retry = true
        io-timeout = 10
        max-sleep = 1
        max-eta = 60
        logger = "task"
        rules-path = "lint"
        time-limits = {soft = 60, hard = 90}
        per-file-ignores = {"scripts/" = ["CEL408"]}
        severity = {CEL408 = "error"}
        [[workers]]
        queues = ["mail"]
        pool = "gevent"
        concurrency = 100
        app = "proj.app"
        """,
    ).settings
    assert [
        key for key in keys() if getattr(settings, key.replace("-", "_")) == getattr(Settings(), key.replace("-", "_"))
    ] == []
    assert settings.time_limits == TimeLimits(soft=60, hard=90)
    assert settings.workers == (DeclaredWorker(queues=("mail",), pool="gevent", concurrency=100, app="proj.app"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("selct = []", 'unknown key "selct"; did you mean "select"?'),
        ("extend_select = []", 'unknown key "extend_select"; did you mean "extend-select"?'),
        ("zzz = 1", 'unknown key "zzz"'),
        ("brokers = 'redis'", 'unknown key "brokers"; did you mean "broker"?'),
        ("select = 'CEL1'", "select: expected a list, got a string"),
        ("select = [1]", "select[0]: expected a string, got an integer"),
        ("unused-bind = 'yes'", "unused-bind: expected true or false, got a string"),
        ("preset = 'strikt'", 'preset: "strikt" is not possible (one of recommended, strict); did you mean "strict"?'),
        ("celery-version = 5.4", "celery-version: expected a string, got a number"),
        ("celery-version = 'five'", 'celery-version: "five" is no version; write it like "5.4"'),
        ("time-limits = {sfot = 1}", 'time-limits: unknown key "sfot"; did you mean "soft"?'),
        ("time-limits = {soft = 0}", "time-limits.soft: expected an integer >= 1"),
        ("time-limits = {soft = 9, hard = 9}", "time-limits: soft must be less than hard"),
        ("workers = [{pool = 'gevnt'}]", 'workers[0].pool: "gevnt" is not possible'),
        ("severity = {CEL1 = 'fatal'}", 'severity.*: "fatal" is not possible (one of error, info, warning)'),
        ("exclude = ['!']", 'exclude: "!" is no pattern'),
        ("per-file-ignores = {'!' = []}", 'per-file-ignores: "!" is no pattern'),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configured(tmp_path, f"# comment\n{text}\n")
    assert str(caught.value).startswith("celery-lint.toml:2: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n[tool.celery-lint]\npreset = 'strict'\n", 3),
        ("[tool.celery-lint]\n'preset' = 'strict'\n", 2),
        ("preset = 1\n[tool.other]\npreset = 2\n[tool.celery-lint]\n\npreset = 'strict'", 6),
        ("tool.celery-lint.preset = 'strict'", 1),
        ("[tool.celery-lint]\nselect = [\n  'CEL002',\n]\npreset = 'strict'", 5),
    ],
)
def test_origins_in_pyproject(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert load(locate(tmp_path)).origin("preset") == f"pyproject.toml:{line}"


@pytest.mark.parametrize(
    "text", ["[tool.celery-lint.time-limits]\nsoft = 1", "[tool.celery-lint]\ntime-limits.soft = 1"]
)
def test_origins_of_tables(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert re.fullmatch(r"pyproject.toml:[12]", load(locate(tmp_path)).origin("time-limits"))


def test_the_command_line_beats_the_file(tmp_path: Path) -> None:
    configuration = override(configured(tmp_path, "preset = 'strict'\nlogger = 'task'"), {"preset": "recommended"})
    assert configuration.settings.preset == "recommended"
    assert configuration.origin("preset") == "command line"
    assert configuration.origin("logger") == "celery-lint.toml:2"
