"""Shell scripts: which celery commands they run, with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from celery_lint.facts.deploy import read
from celery_lint.facts.model import Condition
from tests.deploy_lines import facts, lines


def words(text: str) -> list[str]:
    return [found.removeprefix("-: ") for found in lines("start.sh", text)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("celery -A app worker -l info", "celery -A app worker -l info"),
        ("celery -A app \\\n  worker \\\n  -Q a,b\n", "celery -A app worker -Q a,b"),
        ("celery -A app \\\r\n worker\r\n", "celery -A app worker"),
        ("celery -A 'app' \"worker\" -n w@%h", "celery -A app worker -n w@%h"),
        ("exec celery -A app worker", "celery -A app worker"),
        ("celery -A app worker > log.txt 2>&1 &", "celery -A app worker"),
        ("nohup celery -A app worker >/dev/null 2>&1 & echo $! > pid", "celery -A app worker"),
        ("cd src && celery -A app worker", "celery -A app worker"),
        ("wait-for-db || exit 1\ncelery -A app worker", "celery -A app worker"),
        ("celery -A app worker | tee log", "celery -A app worker"),
        ("(cd src; celery -A app worker)", "celery -A app worker"),
        ("{ celery -A app worker; }", "celery -A app worker"),
        ("while true; do celery -A app worker; sleep 1; done", "celery -A app worker"),
        ("until celery -A app worker; do sleep 1; done", "celery -A app worker"),
        ("start() {\n  celery -A app worker\n}\nstart", "celery -A app worker"),
        ("function start { celery -A app worker; }", "celery -A app worker"),
        ("time celery -A app worker", "celery -A app worker"),
        ("celery -A app worker -- extra # comment", "celery -A app worker -- extra"),
        ("/venv/bin/celery -A app worker", "/venv/bin/celery -A app worker"),
        ("celery -A app worker -n a#b", "celery -A app worker -n a#b"),
        ("celery -A app worker '' --pidfile=", "celery -A app worker '' --pidfile="),
        ("trap 'kill 0' EXIT\ncelery -A app worker", "celery -A app worker"),
        ("set -eux\n[[ $x =~ ^(a|b)$ ]] && y=1\ncelery -A app worker", "celery -A app worker"),
        ("((N > 1)) && echo many\ncelery -A app worker", "celery -A app worker"),
        ("eval \"celery -A app worker\"", "celery -A app worker"),
    ],
)  # fmt: skip
def test_a_script_runs_its_command(script: str, expected: str) -> None:
    assert words(script) == [expected]


@pytest.mark.parametrize(
    "script",
    [
        "# celery -A app worker",
        "echo celery -A app worker",
        'echo "run: celery -A app worker"',
        "printf '%s\\n' 'celery -A app worker'",
        "cat <<EOF\ncelery -A app worker\nEOF\n",
        "cat <<-'EOF' > start.sh\n\tcelery -A app worker\n\tEOF\n",
        "pkill -f 'celery -A app worker'",
        "pgrep -f celery worker && exit 0",
        "ps aux | grep celery worker",
        "pip install celery flower",
        "apt-get install -y celery worker",
        "systemctl restart celery beat",
        "supervisorctl restart celery worker",
        "docker compose up -d celery beat",
        "docker-compose logs celery worker",
        "chown celery worker /var/log",
        "command -v celery",
        "uv pip install celery flower",
        "x='celery -A app worker'",
        "usage() { echo 'celery -A app worker'; }",
        ": celery",
    ],
)
def test_words_about_celery_run_nothing(script: str) -> None:
    assert words(script) == []


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("celery -A app worker -c ${N:-4}", "celery -A app worker -c 4"),
        ("celery -A app worker -c ${N-4}", "celery -A app worker -c 4"),
        ("celery -A app worker -c ${N}", "celery -A app worker -c ?${N}"),
        ('celery -A app worker -c "$N"', 'celery -A app worker -c ?"$N"'),
        ("N=4\ncelery -A app worker -c $N", "celery -A app worker -c 4"),
        ("N=${N:-4}\ncelery -A app worker -c $N", "celery -A app worker -c 4"),
        (': "${N:=4}"\ncelery -A app worker -c $N', "celery -A app worker -c 4"),
        ('if [ -z "$N" ]; then N=4; fi\ncelery -A app worker -c $N', "celery -A app worker -c 4"),
        ('[ -z "$N" ] && N=4\ncelery -A app worker -c $N', "celery -A app worker -c 4"),
        ("export N=4\ncelery -A app worker -c $N", "celery -A app worker -c 4"),
        ("export N=4 && celery -A app worker -c $N", "celery -A app worker -c 4"),
        ("N=$(nproc)\ncelery -A app worker -c $N", "celery -A app worker -c ?$N"),
        ("celery -A app worker -c $(nproc) -E", "celery -A app worker -c ?$(nproc) -E"),
        ("celery -A app worker -c `nproc` -E", "celery -A app worker -c ?`nproc` -E"),
        ("celery -A app worker -n w@${HOSTNAME##*-}", "celery -A app worker -n ?w@${HOSTNAME##*-}"),
        ("A=x\ncelery -A $A.tasks worker", "celery -A x.tasks worker"),
        ("A=${B:-${C:-x}}\ncelery -A $A worker", "celery -A x worker"),
        ("celery -A app worker --queues=${Q:-a,b}", "celery -A app worker --queues=a,b"),
        ("OPTS='-A app worker -Q a'\ncelery $OPTS", "celery -A app worker -Q a"),
        ('OPTS="-A app worker -c ${N} -Q a"\nexec celery $OPTS', "celery -A app worker -c ?${N} -Q a"),
        ('OPTS="-A app worker"\nOPTS="$OPTS -Q a"\ncelery $OPTS', "celery -A app worker -Q a"),
        ('OPTS="-A app worker"\nOPTS+=" -Q a"\ncelery $OPTS', "celery -A app worker -Q a"),
        ("celery -A app worker ${OPTS:--Q a -E}", "celery -A app worker -Q a -E"),
        ("celery -A app worker $EMPTY_IS_UNKNOWN", "celery -A app worker ?$EMPTY_IS_UNKNOWN"),
        ("EMPTY=\ncelery -A app worker $EMPTY", "celery -A app worker"),
        ("ARGS=(-A app worker)\nARGS+=(-Q 'a b')\ncelery \"${ARGS[@]}\" -E", "celery -A app worker -Q a b -E"),
        ("C='celery -A app worker'\n$C -E", "celery -A app worker -E"),
        ("APP=app celery -A ${APP} worker", "celery -A ?${APP} worker"),
        ("if $X; then Q=a; else Q=b; fi\ncelery -A app worker -Q $Q", "celery -A app worker -Q ?$Q"),
        ("if $X; then Q=a; else Q=a; fi\ncelery -A app worker -Q $Q", "celery -A app worker -Q a"),
        ("Q=a\nif $X; then Q=b; fi\ncelery -A app worker -Q $Q", "celery -A app worker -Q ?$Q"),
        ("Q=a\nif [ -f x ]; then exit 1; fi\ncelery -A app worker -Q $Q", "celery -A app worker -Q a"),
        ("Q=a\n(Q=b)\ncelery -A app worker -Q $Q", "celery -A app worker -Q a"),
        ("case $X in a) Q=a;; *) Q=b;; esac\ncelery -A app worker -Q $Q", "celery -A app worker -Q ?$Q"),
        ("run() { celery -A app worker -Q $1; }\nrun mail", "celery -A app worker -Q mail"),
        ("celery -A app worker -Q $'a'", "celery -A app worker -Q a"),
        ("celery -A app worker -n w\\ 1", "celery -A app worker -n w 1"),
        ('celery -A app worker "$@"', 'celery -A app worker ?"$@"'),
        ('celery -A app worker -n "a\\$b"', "celery -A app worker -n a$b"),
        ("celery -A app worker -c ${N:+8}", "celery -A app worker -c ?${N:+8}"),
        ("N=1\ncelery -A app worker -c ${N:+8}", "celery -A app worker -c 8"),
    ],
)  # fmt: skip
def test_variables_are_expanded_where_their_value_is_known(script: str, expected: str) -> None:
    assert words(script) == [expected]


def test_several_commands_of_one_script() -> None:
    script = """\
        for queue in mail images; do
            celery -A app worker -Q $queue &
        done
        celery -A app beat
        """
    assert words(script) == ["celery -A app worker -Q mail", "celery -A app worker -Q images", "celery -A app beat"]


def test_the_same_worker_in_both_branches_is_one() -> None:
    script = """\
        if [[ -n "${PLAIN_USER}" ]]; then
            exec celery -A app worker
        else
            exec s6-setuidgid app celery -A app worker
        fi
        """
    assert words(script) == ["celery -A app worker"]


def test_branches_keep_their_conditions() -> None:
    script = """\
        case "$1" in
            worker|w) exec celery -A app worker ;;
            beat) exec celery -A app beat ;;
            *) exec "$@" ;;
        esac
        """
    first, second = facts("start.sh", script).commands
    assert first.conditions == (Condition("${1}", ("worker", "w")),)
    assert second.conditions == (Condition("${1}", ("beat",)),)


def test_what_follows_a_guard_is_unconditional() -> None:
    (command,) = facts("start.sh", "if ! ./ready; then exit 1; fi\nmigrate && celery -A app worker").commands[-1:]
    assert command.conditions == ()


def test_environment_folder_and_exec_of_a_command() -> None:
    script = "export A=1\nB=2\ncd /srv/app\nC=3 exec celery -A app worker"
    (command,) = facts("start.sh", script).commands
    assert command.environment == {"A": "1", "C": "3"}
    assert command.workdir == "/srv/app"
    assert command.execs


def test_words_point_at_their_bytes() -> None:
    data = 'Ä="-A app worker"\nexec celery $X -Q "${Q}"\n# ü\nX="-A äpp worker"\ncelery $X\n'.encode()
    command = read("start.sh", data).commands[1]
    assert [data[word.span.start : word.span.end].decode() for word in command.words] == [
        "celery", "-A", "äpp", "worker",
    ]  # fmt: skip
    queue = read("start.sh", data).commands[0].words[-1]
    assert data[queue.span.start : queue.span.end] == b'"${Q}"'
    assert queue.raw == '"${Q}"'


def test_words_remember_what_they_depend_on() -> None:
    text = ': "${Q:=a}"\ncelery -A "$APP" worker --queues="${Q}" -c ${N:-4}'
    (command,) = facts("start.sh", text).commands
    assert [word.template for word in command.words] == [
        None, None, "${APP}", None, "--queues=${Q:-a}", None, "${N:-4}",
    ]  # fmt: skip
    assert command.words[2].prefix == ""


def test_the_known_start_of_an_unknown_word_is_kept() -> None:
    (command,) = facts("start.sh", 'celery -A app worker --pool="${POOL}"').commands
    assert command.words[-1].text is None
    assert command.words[-1].prefix == "--pool="


@pytest.mark.parametrize("shebang", ["#!/bin/sh", "#!/usr/bin/env bash", "#!/command/with-contenv /usr/bin/bash"])
def test_scripts_without_an_extension_are_known_by_their_first_line(shebang: str) -> None:
    assert lines("etc/svc-worker/run", f"{shebang}\nexec celery -A app worker\n") == [
        "svc-worker: celery -A app worker"
    ]


def test_a_program_in_another_language_is_no_script() -> None:
    assert lines("bin/start", "#!/usr/bin/env python\ncelery -A app worker\n") == []


def test_broken_scripts_give_what_can_be_read(tmp_path: Path) -> None:
    script = "fi fi\nif true; then\n )) }\ncelery -A app worker\nesac 'unclosed"
    assert words(script) == ["celery -A app worker"]
