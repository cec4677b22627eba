"""Text that is made to keep a pattern busy: what is searched by regular expressions takes time by its length only."""

from __future__ import annotations

import pytest

from tests.hostile.limits import contained
from tests.hostile.whole import lint, read_file

APP = (
    "from celery import Celery\nfrom sqlalchemy import create_engine\nimport requests, sys\n"
    "app = Celery('proj', broker='redis://', include=['proj.tasks'])\nengine = create_engine('postgresql://')\n"
    "engine.connect()\napp.conf.accept_content = ['json']\nif 'celery' in sys.argv[0]: pass\n"
    "@app.task\ndef send(x):\n    requests.get(x)\n    print(x)\n"
)
UNITS = (
    "celery ", "celery -A ", "argv ", "dispose ", "worker_process_init ", "getpid ", "SQLALCHEMY_ENGINE_OPTIONS ",
    "serializer ", "Timeout", "include(", "import ", "import (", "from a import (", "echo ", "delay", ".s(", "@task ",
    "|", " ", "\t", "'", '"', '"\\', "\\", "(", "[", "{", "{{", "$(", "${", "a.", "a ", "aA1_", "# ", "noqa: ", "- ",
    "= ", ": ", ", ", "`", "celery-lint: ignore[", "task_routes ", "CELERY_", "0", "é", "$",
)  # fmt: skip
LINES = ("", " ", "#", "import (", "from a import (", "@task", "import celery", "x = 'celery", "if x:", "- a", "a: b",
         "A = $A$A", "&a", "[program:x]", "CMD celery \\", "\\", "# celery-lint: ignore[CEL101] x")  # fmt: skip
HEADS = {
    "docker-compose.yml": "services:\n w:\n  command: celery -A proj.app worker\n#",
    "k8s/a.yaml": "apiVersion: v1\nkind: Deployment\ncommand: celery worker\n#",
    "charts/x/templates/d.yaml": "apiVersion: v1\nkind: Deployment\ncommand: celery {{ x }}\n#",
    "Dockerfile": "FROM a\nCMD celery worker ",
    "Procfile": "w: celery worker ",
    "Makefile": "w:\n\tcelery worker ",
    "run.sh": "#!/bin/sh\ncelery worker ",
    "w.service": "[Service]\nExecStart=celery worker ",
    "w.conf": "[program:x]\ncommand=celery worker ",
}


def test_no_text_keeps_it_busy() -> None:
    """A project with a file of each kind: seconds, where a pattern that tries everything again takes hours."""
    size = 40_000
    files = {"proj/__init__.py": "", "proj/app.py": APP}
    for position, unit in enumerate(UNITS):
        files[f"proj/unit{position}.py"] = "from proj.app import app\n# celery " + unit * (size // len(unit)) + "\n"
    for position, line in enumerate(LINES):
        files[f"proj/line{position}.py"] = "import celery\n'''\n" + (line + "\n") * (size // (len(line) + 1)) + "'''\n"
    ended = contained(lambda: len(lint({path: text.encode() for path, text in files.items()})), seconds=120)
    assert ended.wrong == ""
    assert ended.processor < 7


@pytest.mark.slow
@pytest.mark.parametrize("path", HEADS)
def test_no_deployment_file_keeps_it_busy(path: str) -> None:
    def slowest() -> list[tuple[str, str]]:
        return [(unit, wrong) for unit in (*UNITS, *(line + "\n" for line in LINES)) if (wrong := read(path, unit))]

    ended = contained(slowest, seconds=300)
    assert (ended.wrong, ended.value) == ("", [])


def read(path: str, unit: str) -> str:
    """What is wrong with how long a file of many UNITs takes."""
    import time

    size = 30_000
    begun = time.process_time()
    read_file(path, (HEADS[path] + unit * (size // len(unit)) + "\n# celery-lint: ignore[CEL101] x\n").encode())
    spent = time.process_time() - begun
    return f"{spent:.1f} s" if spent > 4 else ""


@pytest.mark.parametrize(("first", "then"), [
    ("'x'", "a{0} + a{0} + a{0}"), ("'x'", "f'{{a{0}}}{{a{0}}}{{a{0}}}'"), ("3", "a{0} * a{0}"),
    ("['x']", "[*a{0}, *a{0}]"),
])  # fmt: skip
def test_what_doubles_itself_is_not_calculated(first: str, then: str) -> None:
    lines = [f"a0 = {first}", *(f"a{n + 1} = {then.format(n)}" for n in range(60))]
    uses = "app.conf.task_routes = a60\n@app.task(name=a60, queue=a60)\ndef f(x):\n    pass\n"
    text = f"from celery import Celery\napp = Celery('proj')\n{chr(10).join(lines)}\n{uses}"
    ended = contained(lambda: len(lint({"proj/app.py": text.encode()})), seconds=100)
    assert ended.wrong == ""
    assert ended.processor < 8
