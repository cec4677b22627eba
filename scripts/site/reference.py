"""References that are made from the program: its configuration, its command line, what it prints."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import click

from celery_lint.cli import group
from scripts.site.picture import svg
from scripts.site.places import ROOT
from scripts.site.rules import page_path, rules
from scripts.site.terminal import printed, window
from tests.evidence import results

Schema = Mapping[str, Any]

_WORDS = {"string": "text", "boolean": "`true` or `false`", "integer": "a number", "object": "a table"}


def configuration(_: str) -> str:
    """Every key of the configuration, from its JSON schema, and the rules whose pages speak of it."""
    schema = json.loads((ROOT / "celery_lint/schemas/configuration.json").read_text(encoding="utf-8"))
    settings = schema["$defs"]["Settings"]["properties"]
    users = _users()
    return "\n".join(_key(key, value, schema["$defs"], users.get(key, [])) for key, value in settings.items())


def _key(key: str, value: Schema, definitions: Schema, users: list[tuple[str, str, str]]) -> str:
    parts = [
        f"### `{key}` {{ #{key} }}\n",
        f"{_sentence(value.get('description', ''))}\n",
        f"- Type: {_kind(value, definitions)}",
        f"- Default: {_default(value)}",
    ]
    if users:
        links = ", ".join(f"[{code}](../{path})" for code, path, _ in users)
        parts.append(f"- Decides about: {links}")
    inner = _item(value, definitions)
    if inner is not None:
        parts += ["", "| Key | Meaning | Type | Default |", "|---|---|---|---|"]
        parts += [
            f"| `{name}` | {_sentence(each.get('description', ''))} | {_kind(each, definitions)} | {_default(each)} |"
            for name, each in inner["properties"].items()
        ]
    return "\n".join(parts) + "\n"


def _item(value: Schema, definitions: Schema) -> Schema | None:
    """The table that VALUE is, or is a list of."""
    for each in (value, value.get("items", {}), *value.get("anyOf", ()), *value.get("allOf", ())):
        if isinstance(each, Mapping) and "$ref" in each:
            found: Schema = definitions[str(each["$ref"]).rpartition("/")[2]]
            return found
    return None


def _kind(value: Schema, definitions: Schema) -> str:
    """The type of VALUE in words."""
    if "enum" in value:
        return " or ".join(f"`{json.dumps(each)}`" for each in value["enum"])
    if "anyOf" in value:
        kinds = [_kind(each, definitions) for each in value["anyOf"] if each.get("type") != "null"]
        return " or ".join(kinds)
    if "$ref" in value or "allOf" in value:
        return "a table"
    if value.get("type") == "array":
        items = value.get("items", {})
        return "a list of tables" if "$ref" in items else "a list of texts"
    if value.get("type") == "object":
        inner = value.get("additionalProperties", {})
        return f"a table of {_kind(inner, definitions)}" if inner else "a table"
    least = f", at least {value['minimum']}" if "minimum" in value else ""
    return _WORDS.get(str(value.get("type")), "any") + least


def _default(value: Schema) -> str:
    default = value.get("default")
    return "none" if default in (None, {}, []) else f"`{json.dumps(default)}`"


def _sentence(text: str) -> str:
    shown = text.replace("<", "&lt;").replace("|", "\\|").strip()
    return shown if not shown or shown.endswith((".", "…")) else shown + "."


def _users() -> dict[str, list[tuple[str, str, str]]]:
    """The rules whose pages name a key among their options: code, page, what they say."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for rule in rules():
        _, _, options = (ROOT / page_path(rule)).read_text(encoding="utf-8").partition("\n## Options\n")
        for key, said in re.findall(r"^- `([a-z-]+) = [^`]*`:? ?(.*)", options, re.MULTILINE):
            entry = (rule.code, page_path(rule), said)
            if entry[0] not in [code for code, _, _ in found.get(key, [])]:
                found.setdefault(key, []).append(entry)
    return found


def command_line(_: str) -> str:
    """Every command with its arguments and options, from Click."""
    return "\n".join(_command(name, command) for name, command in group.commands.items() if not command.hidden)


def _command(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"celery-lint {name}")
    usage = command.get_usage(context).removeprefix("Usage: ")
    help_text = _quoted((command.help or "").replace("\b", "")).strip()
    rows = list(_options(command, context))
    table = ["| Option | |", "|---|---|", *rows] if rows else []
    return "\n".join([f"## celery-lint {name}\n", f"```text\n{usage}\n```\n", help_text, "", *table, ""])


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is None or (isinstance(parameter, click.Option) and parameter.hidden):
            continue
        names, said = record
        yield f"| `{names.replace('|', chr(92) + '|')}` | {_cell(said)} |"


def _cell(text: str) -> str:
    return _quoted(" ".join(text.split())).replace("|", "\\|")


def _quoted(text: str) -> str:
    """TEXT of the program with its options and defaults as code."""
    shown = text.replace("<", "&lt;")
    return re.sub(r"(?<![\w`-])(--[a-z][a-z-]*)(?![^`\n]*`)", r"`\1`", shown)


def terminal(argument: str) -> str:
    """What celery-lint prints about a project of the repository: its folder, the code of the only rule to show, and how
    many columns there are."""
    folder, code, width = shlex.split(argument)
    return window(printed(ROOT / folder, only=code, width=int(width)), "celery-lint")


def picture(folder: str) -> str:
    """What was understood of the project in FOLDER, drawn."""
    return svg(ROOT / folder)


def excerpt(argument: str) -> str:
    """Lines of a file of the repository: its path, the one to show, the first line and the last."""
    path, shown, first, last = shlex.split(argument)
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()[int(first) - 1 : int(last)]
    language = {"py": "python", "yml": "yaml"}[path.rpartition(".")[2]]
    return f'```{{ .{language} title="{shown}" }}\n' + "\n".join(lines) + "\n```"


def number(what: str) -> str:
    """How many there are of WHAT: of rules, of those that are proven, of experiments, of figures that runs record."""
    recorded = results.read()
    counts = {
        "rules": len(rules()),
        "proven": len(results.proofs(recorded)),
        "experiments": len(recorded),
        **json.loads((ROOT / "tests/figures.json").read_text(encoding="utf-8"))["figures"],
    }
    return f"{counts[what]:,}"


def experiments(_: str) -> str:
    """Everything that was seen on real Celery processes."""
    pages = {rule.code: f"../{page_path(rule)}" for rule in rules()}
    rows = "".join(
        f"| [{each.code}]({pages[each.code]}) | {each.pool if each.pool != 'none' else '—'} "
        f"| {_seen(each.bad)} | {_seen(each.fixed)} |\n"
        for each in results.read()
    )
    return "| Rule | Pool | The example | Corrected |\n|---|---|---|---|\n" + rows


def _seen(text: str) -> str:
    return f"<code>{escape(' '.join(text.split())).replace('|', '&#124;')}</code>" if text else ""
