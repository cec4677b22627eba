"""The JSON that celery-lint writes and reads, explained from its published schemas, with an example of each."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from click.testing import CliRunner

from celery_lint.cli import group
from scripts.site.places import ROOT

DEMO = "tests/fixtures/projects/demo"
_MOST_ITEMS = 1

Schema = Mapping[str, Any]


def contract(argument: str) -> str:
    """The schema NAME as tables, and what a command writes by it: `NAME celery-lint …`."""
    name, *command = shlex.split(argument)
    schema = json.loads((ROOT / f"celery_lint/schemas/{name}.json").read_text(encoding="utf-8"))
    definitions = schema.get("$defs", {})
    head = f"[Its schema](../celery_lint/schemas/{name}.json)\n"
    example = _example(command) if command else ""
    return "\n".join((head, example, *_tables(schema, definitions)))


def others(_: str) -> str:
    """The schemas that the page about JSON does not name."""
    page = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    parts = []
    for path in sorted((ROOT / "celery_lint/schemas").glob("*.json")):
        if path.stem not in page:
            description = _text(json.loads(path.read_text(encoding="utf-8")).get("description", ""))
            parts.append(f"## {path.stem}\n\n{description}\n\n{contract(path.stem)}")
    return "\n".join(parts)


def _example(command: list[str]) -> str:
    shown = " ".join(command)
    text = json.dumps(_cut(json.loads(output(command))), indent=2, ensure_ascii=False)
    return f"What `{shown}` writes about the demo project, cut to one item a list:\n\n```json\n{text}\n```\n"


def output(command: list[str]) -> str:
    """What COMMAND writes to stdout when it is run in the demo project."""
    words = command[1:] if command[1] in group.commands else ["check", *command[1:]]
    name, *options = words
    here = [str(ROOT / DEMO)] if name in ("check", "map", "review") else []
    quiet = ["--no-cache"] if name == "check" else []
    done = CliRunner().invoke(group, [name, *options, *quiet, *here], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.stdout


def _cut(value: object) -> object:
    """VALUE with its lists cut: those of tables to the fullest, those of other things to some."""
    if isinstance(value, dict):
        return {key: _cut(each) for key, each in value.items()}
    if isinstance(value, list):
        tables = [each for each in value if isinstance(each, dict)]
        if tables:
            fullest = max(tables, key=lambda each: sum(bool(part) for part in each.values()))
            return [_cut(fullest)]
        return [_cut(each) for each in value[:4]]
    return value


def _tables(schema: Schema, definitions: Schema) -> Iterator[str]:
    for name in _in_order(schema, definitions):
        definition = definitions[name]
        if "properties" not in definition:
            continue
        required = definition.get("required", [])
        yield f"#### {name}\n\n{_text(definition.get('description', ''))}\n"
        yield "| Key | Type | |\n|---|---|---|"
        for key, value in definition["properties"].items():
            notes = [] if key in required else ["may be absent"]
            if value.get("description"):
                notes.insert(0, _text(value["description"]))
            yield f"| `{key}` | {_kind(value)} | {'; '.join(notes)} |"
        yield ""


def _in_order(schema: Schema, definitions: Schema) -> list[str]:
    """The definitions as a reader meets them."""
    found: list[str] = []

    def follow(value: object) -> None:
        if isinstance(value, Mapping):
            name = str(value.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.append(name)
                follow(definitions[name])
            for each in value.values():
                follow(each)
        elif isinstance(value, list):
            for each in value:
                follow(each)

    follow({key: value for key, value in schema.items() if key != "$defs"})
    return found


def _kind(value: Schema) -> str:
    if "$ref" in value:
        return f"[{str(value['$ref']).rpartition('/')[2]}](#{str(value['$ref']).rpartition('/')[2].lower()})"
    if "enum" in value:
        return ", ".join(f"`{json.dumps(each)}`" for each in value["enum"])
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    for several in ("anyOf", "oneOf"):
        if several in value:
            return " or ".join(_kind(each) for each in value[several])
    if value.get("type") == "array":
        return f"list of {_kind(value['items'])}" if value.get("items") else "list"
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"object of {_kind(inner)}" if isinstance(inner, Mapping) and inner else "object"
    return str(value.get("type", "anything"))


def _text(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")
