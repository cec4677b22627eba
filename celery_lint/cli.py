"""The command line. Whatever takes time to import is imported by the command that needs it."""

from __future__ import annotations

import gc
import io
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from celery_lint import __version__
from celery_lint.output import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

Command = TypeVar("Command", bound=Callable[..., object])

USAGE, FAILED, INTERRUPTED = 2, 3, 130


class _Path(click.Path):
    """A path as `pathlib` has it, which is loaded when there is one."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        from pathlib import Path

        return Path(os.fsdecode(super().convert(value, param, ctx)))  # type: ignore[arg-type]


class _Group(click.Group):
    """`celery-lint [PATHS]` is `celery-lint check [PATHS]`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing and not args:  # completion: it may still become a command
            return super().parse_args(ctx, args)
        known = (*self.commands, "--help", "--version")
        return super().parse_args(ctx, args if args and args[0] in known else ["check", *args])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        if not incomplete.startswith("-"):
            return [*super().shell_complete(ctx, incomplete), CompletionItem(incomplete, type="file")]
        first = check.make_context("check", [], parent=ctx, resilient_parsing=True)
        items = (*super().shell_complete(ctx, incomplete), *check.shell_complete(first, incomplete))
        return list({item.value: item for item in items}.values())

    def invoke(self, ctx: click.Context) -> object:
        # Click prints an empty line for Ctrl-C before anybody else can say something.
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _fail("interrupted", INTERRUPTED)


def main(words: Sequence[str] | None = None, *, has_changed: bool = False) -> NoReturn:
    """Run the command line and exit. Every way to fail is one line on stderr and a status of its own. WORDS are its
    words, where this process is for nothing else; then it may be known that something HAS_CHANGED since they were the
    same."""
    from celery_lint.crash import Crash, attempt

    # A quarter of a run would go into looking for cycles among millions of syntax nodes and facts, which have none.
    gc.disable()
    # What Python has to say about the strings of the user's code is for Python to say.
    warnings.simplefilter("ignore")
    _open_what_is_closed()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = attempt(lambda: _invoke((words, has_changed) if words is not None else None))
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    if isinstance(status, Crash):
        _fail(f"celery-lint itself failed, please report it: {status.summary}", FAILED)
    sys.exit(status)


def entry(*, has_changed: bool = False) -> NoReturn:
    """`main` in a process of its own, which ends without giving each object back: that takes half a second."""
    try:
        main(sys.argv[1:], has_changed=has_changed)
    except SystemExit as end:
        # Whoever traces or profiles has something to write at the end; an output that is gone is Python's to report.
        if sys.gettrace() is None and sys.getprofile() is None and _is_written():
            os._exit(end.code if isinstance(end.code, int) else FAILED)
        raise


def _is_written() -> bool:
    """Whether all that was to be said has left this process."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return False
    return True


def _open_what_is_closed() -> None:
    """Whoever starts this may have closed stdout or stderr (`>&-`): then what is written there goes nowhere."""
    if sys.stdout is None or sys.stderr is None:
        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 -- for as long as the process lives
        sys.stdout = sys.stdout or nowhere
        sys.stderr = sys.stderr or nowhere


def _invoke(asked: tuple[Sequence[str], bool] | None) -> int:
    from celery_lint.errors import UserError

    try:
        return group.main(prog_name="celery-lint", standalone_mode=False, obj=asked) or 0
    except click.ClickException as error:
        _fail(error.format_message(), USAGE)
    except UserError as error:
        _fail(str(error), USAGE)
    except click.Abort:
        _fail("interrupted", INTERRUPTED)


def _fail(message: str, status: int) -> NoReturn:
    from celery_lint.report.text import escape, tame

    click.echo(tame(f"error: {escape(message)}"), err=True)
    sys.exit(status)


@click.group(cls=_Group)
@click.version_option(__version__, prog_name="celery-lint", message="%(prog)s %(version)s")
def group() -> None:
    """Reads a whole Celery project and reports what will break in production.

    `celery-lint [PATHS]...` is short for `celery-lint check [PATHS]...`.
    """


_paths = click.argument("paths", nargs=-1, type=_Path())
_config = click.option("--config", type=_Path(), help="Use this configuration file.")
_isolated = click.option("--isolated", is_flag=True, help="Use no configuration file.")
_own_rules = click.option(
    "--own-rules",
    is_flag=True,
    envvar="CELERY_LINT_OWN_RULES",
    help="Run the project's own rules (rules-path) as well: its code.",
)
_color = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Whether to use colours. Without it NO_COLOR and FORCE_COLOR decide.",
)


def _complete_selectors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from celery_lint.completion import selectors

    return selectors(incomplete)


def _complete_rules(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from celery_lint.completion import rules

    return rules(incomplete)


def _selectors(name: str, text: str) -> Callable[[Command], Command]:
    return click.option(name, multiple=True, metavar="RULES", help=text, shell_complete=_complete_selectors)


_jobs = click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Read with N processes at most, not one a processor."
)
_no_cache = click.option("--no-cache", is_flag=True, help="Read everything, and remember nothing.")
_cache_dir = click.option("--cache-dir", type=_Path(), help="Keep the cache here and not in the project's root.")


class _Check(click.Command):
    """`check`, where `--add-ignore` alone does not take the path behind it for a reason."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        named = [f"{arg}=" if arg == "--add-ignore" else arg for arg in args[:end]]
        return super().parse_args(ctx, [*named, *args[end:]])


@group.command(cls=_Check)
@_paths
@click.option("--fix", is_flag=True, help="Write the safe fixes, then report what remains.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix, --fix-only or --diff: the unsafe fixes as well.")
@click.option("--fix-only", is_flag=True, help="Write the fixes and do not report what remains.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@_selectors("--select", "Run these only: codes, their starts, names; commas.")
@_selectors("--extend-select", "Run these as well.")
@_selectors("--ignore", "Do not run these.")
@click.option("--preset", type=click.Choice(["recommended", "strict"]), help="Which rules run when none are selected.")
@click.option(
    "--fail-level", type=click.Choice(["error", "warning", "info"]), help="The least severity that makes status 1."
)
@click.option("--output-format", type=click.Choice(FORMATS), help="How findings are written.")
@click.option(
    "--report",
    multiple=True,
    metavar="FORMAT=FILE",
    help="Write them to FILE as well; as often as you like. `-` is stdout.",
)
@click.option("--statistics", is_flag=True, help="Count findings by rule instead of showing them.")
@click.option(
    "--changed",
    is_flag=False,
    flag_value="HEAD",
    metavar="[REF]",
    help="Report only what touches lines that changed since REF, or was not found then: a commit, or a branch, where "
    "HEAD parted from it. Without REF: what is not committed yet.",
)
@click.option(
    "--add-ignore",
    metavar="[=REASON]",
    help="Silence what would be reported by comments in the files: `# celery-lint: ignore[CODE] REASON`.",
)
@click.option("--baseline", type=_Path(), metavar="FILE", help="Do not report what is in this baseline.")
@click.option("--no-baseline", is_flag=True, help="Report what is in the baseline too.")
@click.option("--durations", is_flag=True, help="Say on stderr where the time went: the slowest files and rules.")
@_config
@_isolated
@_own_rules
@_jobs
@_no_cache
@_cache_dir
@_color
@click.option("--quiet", is_flag=True, help="Write findings and errors only.")
@click.option("--verbose", is_flag=True, help="Say what was used, what was skipped, and why a rule crashed.")
def check(**options: object) -> int:
    """Lint a project. PATHS select what is reported; the project is always read whole.

    Status: 0 nothing found at or above the fail level, 1 findings, 2 wrong usage or configuration or nothing to read,
    3 celery-lint itself failed.
    """
    from celery_lint.commands.check import check
    from celery_lint.commands.options import Options

    words, has_changed = click.get_current_context().obj or (None, False)
    return check(Options(**options), words, has_changed=has_changed)  # type: ignore[arg-type]


@group.command()
@_paths
@click.option("--prune", is_flag=True, help="Only take out what matches nothing any more; add nothing.")
@click.option("--baseline", type=_Path(), metavar="FILE", help="Write this file.")
@click.option("--select", multiple=True, metavar="RULES", help="Only what these find: codes, their starts, names.")
@click.option("--extend-select", multiple=True, metavar="RULES", help="What these find as well.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Not what these find.")
@click.option("--preset", type=click.Choice(["recommended", "strict"]), help="Which rules run when none are selected.")
@_config
@_isolated
@_own_rules
@_jobs
@_no_cache
@_cache_dir
@click.option("--quiet", is_flag=True, help="Write errors only.")
def baseline(**options: object) -> int:
    """Write down what is found today, so that `celery-lint` reports only what is new.

    The file `.celery-lint-baseline.jsonl` in the root of the project is for everybody: commit it. Run this again to
    bring it up to date, for PATHS only if you like; with --prune, nothing is added.

    Status: 0 written or up to date, 2 wrong usage or configuration or nothing to read, 3 celery-lint itself failed.
    """
    from celery_lint.commands.baseline import Options, baseline

    return baseline(Options(**options))  # type: ignore[arg-type]


@group.command()
@click.argument("path", default=".", type=_Path())
@click.option("--print", "print_", is_flag=True, help="Show what would be written, and write nothing.")
@_no_cache
@_cache_dir
def init(**options: object) -> int:
    """Look at the project at PATH, and write a configuration for it: what was found, what could not be seen, and which
    settings would help, each with what speaks for it.

    It goes to the end of `pyproject.toml`, or to `celery-lint.toml` where there is none. Settings are commented out.

    Status: 0 written, 2 wrong usage, nothing to read, or there is a configuration, 3 celery-lint itself failed.
    """
    from celery_lint.commands.init import Options, init

    return init(Options(**options))  # type: ignore[arg-type]


@group.command("map")
@click.argument("path", default=".", type=_Path())
@click.option(
    "--format",
    type=click.Choice(["text", "json", "mermaid", "dot", "html"]),
    default="text",
    show_default=True,
    help="What to draw with.",
)
@click.option("--output", type=_Path(), help="Write to this file.")
@click.option("--task", metavar="NAME", help="Follow one task, from what sends it to the worker that runs it.")
@_config
@_isolated
@_own_rules
@_color
def draw_map(**options: object) -> int:
    """Draw what was understood of the project at PATH: schedule, tasks, queues, workers, and what is wrong on the way.

    Status: 0 drawn, 2 wrong usage or configuration or nothing to read, 3 celery-lint itself failed.
    """
    from celery_lint.commands.map import Options, draw_map

    return draw_map(Options(**options))  # type: ignore[arg-type]


@group.command()
@click.argument("path", default=".", type=_Path())
@click.option("--since", metavar="REF", help="Compare with where this branch left REF; HEAD: what is not committed.")
@click.option("--all", "every", is_flag=True, help="Review every task, and compare with nothing.")
@click.option("--task", "tasks", multiple=True, metavar="NAME", help="Review this task, whatever changed; repeatable.")
@click.option(
    "--format",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How it is written; markdown is the comment on a pull request.",
)
@click.option("--output", type=_Path(), help="Write to this file.")
@click.option(
    "--fail-level", type=click.Choice(["error", "warning", "info"]), help="The least severity that makes status 1."
)
@_config
@_isolated
@_own_rules
@click.option("--no-cache", is_flag=True, help="Read everything, and remember nothing.")
@click.option("--cache-dir", type=_Path(), help="Keep the cache here and not in the project's root.")
@_color
def review(**options: object) -> int:
    """Review the tasks that a change touches, like a colleague: where each runs, what fails, what the change altered.

    Without --since it compares with where this branch left the main one (origin's, or main or master); on that branch
    itself with its last commit.

    Status: 0 no row failed at or above the fail level, 1 one did that had not before (with --all: one did), 2 wrong
    usage or configuration or nothing to read, 3 celery-lint itself failed.
    """
    from celery_lint.commands.review import Options, review

    return review(Options(**options))  # type: ignore[arg-type]


@group.command()
@click.argument("rule", required=False, shell_complete=_complete_rules)
@click.option("--all", "all_rules", is_flag=True, help="Explain every rule.")
@_own_rules
def explain(rule: str | None, all_rules: bool, own_rules: bool) -> int:
    """Show the page of a RULE, by code, start of a code, or name."""
    from celery_lint.commands.catalogue import explain

    return explain(rule, all_rules=all_rules, own_rules=own_rules)


@group.command()
@click.option("--json", "as_json", is_flag=True, help="The same as --output-format json.")
@click.option(
    "--output-format", type=click.Choice(["table", "json"]), default="table", help="How the rules are written."
)
@_own_rules
def rules(as_json: bool, output_format: str, own_rules: bool) -> int:
    """List all rules: code, name, severity, the preset they are in, what their fix is, and what they find.

    A rule of the preset `policy` runs always and finds nothing until the option that its page names is set.
    """
    from celery_lint.commands.catalogue import rules

    return rules(as_json=as_json or output_format == "json", own_rules=own_rules)


@group.command()
@click.argument("path", default=".", type=_Path())
@_config
@_isolated
@_own_rules
def config(path: Path, config: Path | None, isolated: bool, own_rules: bool) -> int:
    """Show every setting that holds at PATH, and where it comes from."""
    from celery_lint.commands.config import show_config

    return show_config(path, config=config, isolated=isolated, own_rules=own_rules)


@group.command()
@click.argument("shell", required=False, type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str | None) -> int:
    """Print what completes celery-lint in a SHELL; in yours when none is named.

    bash: celery-lint completion bash >> ~/.bashrc

    zsh: celery-lint completion zsh >> ~/.zshrc

    fish: celery-lint completion fish > ~/.config/fish/completions/celery-lint.fish
    """
    from celery_lint.completion import script

    click.echo(script(group, shell, os.environ))
    return 0


@group.command("new-rule")
@click.argument("code")
@click.argument("name")
@click.option("--in", "folder", type=_Path(), help="Write it here and not where the configuration's rules-path is.")
@click.option("--family", help="In a checkout of celery-lint itself: the family that the rule belongs to.")
def new_rule(code: str, name: str, folder: Path | None, family: str | None) -> int:
    """Begin a rule of your own: CODE (three capitals and three digits) and NAME (words joined by -).

    Writes the rule, its page, and a test that runs the page's examples.
    """
    from celery_lint.commands.new_rule import new_rule

    return new_rule(code, name, folder=folder, family=family)


@group.command()
@click.option(
    "--lint-on",
    type=click.Choice(["change", "save"]),
    default="change",
    show_default=True,
    help="When to look again: while somebody types, or when a file is saved.",
)
@click.option("--lens/--no-lens", default=True, help="Whether to show above each task where it runs.")
@click.option("--no-cache", is_flag=True, help="Do not use what earlier runs have read, and remember nothing.")
@click.option("--cache-dir", type=_Path(), help="Keep the cache here and not in the project's root.")
@_own_rules
def server(**options: object) -> int:
    """Serve an editor: the Language Server Protocol on stdin and stdout.

    Needs `pip install "celery-lint[lsp]"`.
    """
    from celery_lint.commands.server import serve
    from celery_lint.server.options import ServerOptions

    return serve(ServerOptions(**options))  # type: ignore[arg-type]
