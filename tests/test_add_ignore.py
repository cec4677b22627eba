"""`--add-ignore`: comments where they silence, and where nothing else changes by them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from celery_lint.comments.place import place
from celery_lint.finding import Span
from celery_lint.source import Source
from tests.command_line import Lint

COMMENT = "# celery-lint: ignore[CEL408]"


def placed(text: str, path: str = "proj/tasks.py", reason: str = "", code: str = "CEL408") -> str | None:
    """TEXT with a comment that silences a finding at «…»."""
    before, _, rest = text.partition("«")
    inside, _, after = rest.partition("»")
    span = Span(len(before.encode()), len((before + inside).encode()))
    source = Source(path, (before + inside + after).encode())
    insertion = place(source, span, code, reason)
    return insertion.into(source.data).decode() if insertion is not None else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("«print(1)»\n", f"print(1)  {COMMENT}\n"),
        ("«print(1)»", f"print(1)  {COMMENT}"),
        ("«print(1)»\r\nx\r\n", f"print(1)  {COMMENT}\r\nx\r\n"),
        ("«print(1)»   \n", f"print(1)  {COMMENT}   \n"),
        ("«print(1)»  # type: ignore\n", f"print(1)  # type: ignore  {COMMENT}\n"),
        ("«print(\n    1,\n)»\n", f"print(  {COMMENT}\n    1,\n)\n"),
        # One comment for several
        ("«print(1)»  # celery-lint: ignore[CEL102] why\n", "print(1)  # celery-lint: ignore[CEL102, CEL408] why\n"),
        ("# celery-lint: ignore[CEL102] why\n«print(1)»\n", "# celery-lint: ignore[CEL102, CEL408] why\nprint(1)\n"),
        ("«print(1)»  # celery-lint: ignore[CEL408] why\n", "print(1)  # celery-lint: ignore[CEL408] why\n"),
        ("«print(1)»  # celery-lint: ignore\n", f"print(1)  # celery-lint: ignore  {COMMENT}\n"),
        # No room
        (f"if x:\n    «print('{'x' * 80}')»\n", f"if x:\n    {COMMENT}\n    print('{'x' * 80}')\n"),
        (f"@a\n@b('{'x' * 90}')\ndef «f»(): pass\n", f"@a\n@b('{'x' * 90}')\ndef f(): pass  {COMMENT}\n"),
        (f"@a\n@«b('{'x' * 90}')»\ndef f(): pass\n", f"{COMMENT}\n@a\n@b('{'x' * 90}')\ndef f(): pass\n"),
        (f"if x:\n\t«print('{'x' * 90}')»\n", f"if x:\n\t{COMMENT}\n\tprint('{'x' * 90}')\n"),
        # Lines that cannot hold one
        ("x = 1 + \\\n    «print(1)»\n", f"x = 1 + \\\n    print(1)  {COMMENT}\n"),
        ("if x:\n    y = «print(1)» + \\\n        1\n", f"if x:\n    {COMMENT}\n    y = print(1) + \\\n        1\n"),
        ("x = '''a\n«b»\n'''\n", f"{COMMENT}\nx = '''a\nb\n'''\n"),
        ("x = f'''a\n{«b»}\n'''\n", f"{COMMENT}\nx = f'''a\n{{b}}\n'''\n"),
        ("x = «'''a\nb\n'''»\n", f"{COMMENT}\nx = '''a\nb\n'''\n"),
        ("x = [\n    1,\n    «'''a\n    b'''»,\n]\n", f"{COMMENT}\nx = [\n    1,\n    '''a\n    b''',\n]\n"),
        ("\ufeff«print(1)»\n", f"\ufeffprint(1)  {COMMENT}\n"),
        (f"\ufeff«print('{'x' * 90}')»\n", f"\ufeff{COMMENT}\nprint('{'x' * 90}')\n"),
        ("«print(»\n", None),
    ],
)
def test_python(before: str, after: str | None) -> None:
    assert placed(before) == after


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("compose.yml", "a:\n  command: «celery»\n", f"a:\n  command: celery  {COMMENT}\n"),
        (
            "compose.yml",
            "a:\n  command: |\n    «celery»\n    x\n",
            f"a:\n  {COMMENT}\n  command: |\n    celery\n    x\n",
        ),
        ("compose.yml", "a:\n  - >-\n    «celery»\n", f"a:\n  {COMMENT}\n  - >-\n    celery\n"),
        ("compose.yml", 'a:\n  b: "x\n    «celery»"\n', f'a:\n  b: "x\n    celery"  {COMMENT}\n'),
        ("compose.yml", 'a:\n  b: "«x»\n    celery"\n', f'a:\n  {COMMENT}\n  b: "x\n    celery"\n'),
        ("compose.yml", "a: «'x # y'»\n", f"a: 'x # y'  {COMMENT}\n"),
        ("k8s.tpl", "a:\n  {{ if x }}\n  args: [«celery»]\n", f"a:\n  {{{{ if x }}}}\n  {COMMENT}\n  args: [celery]\n"),
        ("x.toml", "a = [\n  «1»,\n]\n", f"a = [\n  1,  {COMMENT}\n]\n"),
        ("x.toml", "a = '''\n«1»\n'''\n", None),
        ("Procfile", "web: x\nworker: «celery»\n", f"web: x\n{COMMENT}\nworker: celery\n"),
        ("Dockerfile", "RUN a\nCMD x \\\n  && «celery»\n", f"RUN a\n{COMMENT}\nCMD x \\\n  && celery\n"),
        ("docker/Dockerfile.worker", 'CMD [«"celery"»]\n', f'{COMMENT}\nCMD ["celery"]\n'),
        ("Makefile", "run:\n\t«celery»\n", f"run:\n{COMMENT}\n\tcelery\n"),
        ("run.sh", "if x; then\n  exec «celery»\nfi\n", f"if x; then\n  {COMMENT}\n  exec celery\nfi\n"),
        ("run.sh", "cat <<EOF\n«celery»\nEOF\n", None),
        ("run.sh", "cat <<EOF\nx'\nEOF\n«celery»\n", None),  # more careful than it must be
        ("run.sh", "x='\n«celery»'\n", None),
        ("run.sh", "# it's\necho don't\n«celery»\n", f"# it's\necho don't\n{COMMENT}\ncelery\n"),
        ("w.service", "[Service]\nExecStart=«celery»\n", f"[Service]\n{COMMENT}\nExecStart=celery\n"),
        ("w.conf", "[program:x]\ncommand=«celery»\n", f"[program:x]\n{COMMENT}\ncommand=celery\n"),
        ("task.json", '{"a": «"celery"»}\n', None),
    ],
)
def test_other_files(path: str, before: str, after: str | None) -> None:
    assert placed(before, path) == after


def test_a_reason() -> None:
    assert placed("«print(1)»\n", reason="bis März # 12") == f"print(1)  {COMMENT} bis März # 12\n"
    with pytest.raises(UnicodeError):
        placed("# -*- coding: ascii -*-\n«print(1)»\n", reason="bis März")


TASKS = """from proj.app import app


@app.task
def add(x, y):
    print(x)
    return x + y


@app.task(bind=True)
def sub(x):
    print(x)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj/__init__.py").touch()
    (tmp_path / "proj/app.py").write_text("from celery import Celery\napp = Celery('proj', include=['proj.tasks'])\n")
    (tmp_path / "proj/tasks.py").write_text(TASKS)
    (tmp_path / "celery-lint.toml").write_text("select = ['CEL001', 'CEL408', 'CEL501']\nfail-level = 'info'\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_is_clean_afterwards(project: Path, lint: Lint) -> None:
    done = lint("--add-ignore=for now")
    assert (done.status, done.stdout) == (0, "")
    assert done.stderr.splitlines()[0] == "Silenced 3 findings in 2 files."
    assert "No findings; 3 suppressed." in done.stderr
    text = (project / "proj/tasks.py").read_text()
    assert text.count("    print(x)  # celery-lint: ignore[CEL408] for now\n") == 2
    assert text.replace("  # celery-lint: ignore[CEL408] for now", "") == TASKS
    done = lint("--add-ignore")
    assert done.stderr.splitlines()[0] == "Silenced 0 findings in 0 files."
    assert (project / "proj/tasks.py").read_text() == text


def test_only_what_is_reported_is_silenced(project: Path, lint: Lint) -> None:
    lint("--add-ignore", "--select", "CEL501", "proj/app.py")
    assert (project / "proj/tasks.py").read_text() == TASKS
    assert "# celery-lint: ignore[CEL501]\n" in (project / "proj/app.py").read_text()
    lint("baseline")
    (project / "proj/tasks.py").write_text(TASKS.replace("    print(x)\n    return", "    print(x, y)\n    return"))
    assert lint("--add-ignore").stderr.splitlines()[0] == "Silenced 1 finding in 1 file."
    assert "    print(x)\n" in (project / "proj/tasks.py").read_text()


def test_a_difference_changes_nothing(project: Path, lint: Lint) -> None:
    done = lint("--add-ignore", "--diff", "proj/tasks.py")
    assert (done.status, done.stdout.count("+    print(x)  # celery-lint: ignore[CEL408]")) == (1, 2)
    assert (project / "proj/tasks.py").read_text() == TASKS


def test_what_cannot_be_silenced_is_told(project: Path, lint: Lint) -> None:
    (project / "proj/app.py").chmod(0o444)
    (project / "proj/other.py").write_text("x = 1  # celery-lint: ignore[CEL408]\n")
    (project / "proj/tasks.py").write_bytes(b"# coding: latin-1\n" + TASKS.encode())
    done = lint("--add-ignore=日本")
    assert done.status == 1
    said = done.stderr.splitlines()
    assert "warning: no comment was added in proj/app.py: it is read-only" in said
    assert "warning: proj/other.py: CEL001 is about a comment: --fix takes it out" in said
    assert "warning: proj/tasks.py: its encoding cannot express the reason" in said
    assert "Silenced 0 findings in 0 files." in said


@pytest.mark.parametrize("options", [("--fix",), ("--fix-only",)])
def test_it_does_not_go_with_fixes(project: Path, lint: Lint, options: tuple[str, ...]) -> None:
    assert "silences what --fix" in lint("--add-ignore", *options).stderr
    assert lint("--add-ignore=a\nb").stderr == "error: --add-ignore: a reason is one line of text\n"


PROJECTS = sorted(path for path in (Path(__file__).parent / "fixtures/projects").iterdir() if path.is_dir())


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.name for path in PROJECTS])
def test_whole_projects(name: str, tmp_path: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / name
    subprocess.run(["cp", "-r", str(Path(__file__).parent / "fixtures/projects" / name), str(root)], check=True)
    monkeypatch.chdir(root)
    ignored = ("--preset", "strict", "--fail-level", "info", "--ignore", "CEL001,CEL002")
    done = lint("--add-ignore=why", *ignored)
    assert (done.status, done.stdout) == (0, "")
    assert lint(*ignored).status == 0
    assert lint("--select", "CEL001", "--preset", "strict").stdout.count("silences nothing") == lint(
        "--select", "CEL001"
    ).stdout.count("silences nothing")
