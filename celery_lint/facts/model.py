"""The vocabulary of facts: what one file says, with byte spans, before anything is judged.

Facts are small, frozen and serialisable (as arrays: the cache is half as large and as fast to load again). They hold
no LibCST node and know no other file. There are hundreds of thousands, and no circles among them: the garbage collector
need not know of them (`gc=False`), which takes a sixth of the memory off.

Names are written the way the file's own imports resolve them (`facts.python.names`):

- `asyncio.run`     imported, absolute
- `.tasks.add`      imported, relative (the dots are kept)
- `@app.conf`       bound at the top level of this module
- `%loop`           bound in a function (or an enclosing function)
- `builtins.print`  a builtin that nothing in the file rebinds
- `*Celery`         not bound in the file: a star import may provide it
"""

from __future__ import annotations

from typing import Literal as OneOf

from msgspec import Struct

from celery_lint.finding import Span

NOWHERE = Span(0, 0)

Use = OneOf[
    "discarded", "assigned", "returned", "yielded", "awaited", "argument",
    "entered", "iterated", "decorator", "receiver", "other",
]  # fmt: skip

BlockKind = OneOf[
    "module", "class", "function", "lambda", "if", "else", "for", "while",
    "try", "except", "finally", "with", "case",
]  # fmt: skip

AssignmentOperator = OneOf["=", "+=", "|=", "other"]

JumpKind = OneOf["break", "continue", "pass"]

CommandKind = OneOf[
    "compose", "dockerfile", "procfile", "makefile", "shell", "systemd", "supervisor", "kubernetes", "helm",
    "platform", "python",
]  # fmt: skip


class Literal(Struct, frozen=True, array_like=True, gc=False, tag="literal"):
    """A constant written down. Concatenated string literals are one."""

    value: str | int | float | bool | None
    span: Span = NOWHERE


class Name(Struct, frozen=True, array_like=True, gc=False, tag="name"):
    """A name or a dotted path that starts with a name, resolved through the file's imports."""

    ref: str
    span: Span = NOWHERE


class Attribute(Struct, frozen=True, array_like=True, gc=False, tag="attribute"):
    """An attribute of something that is not a plain dotted name: `factory().conf`."""

    value: Value
    name: str
    span: Span = NOWHERE


class Argument(Struct, frozen=True, array_like=True, gc=False, tag="argument"):
    """One argument of a call; STAR is `*` or `**` for an unpacked one."""

    value: Value
    keyword: str | None = None
    star: OneOf["", "*", "**"] = ""
    span: Span = NOWHERE


class Call(Struct, frozen=True, array_like=True, gc=False, tag="call"):
    """A call: where it stands (BLOCK) and what becomes of its value (USE).

    TARGET is the name it is assigned to or entered as (`with f() as name`), resolved, when there is just one.
    """

    callee: Value
    arguments: tuple[Argument, ...]
    span: Span
    block: int
    use: Use
    target: str | None = None

    def argument(self, position: int | None, keyword: str | None = None) -> Argument | None:
        """The argument at POSITION (when no `*args` precedes it) or named KEYWORD."""
        for index, argument in enumerate(self.arguments):
            if argument.star == "*":
                position = None
            if argument.keyword is not None and argument.keyword == keyword:
                return argument
            if index == position and argument.keyword is None and not argument.star:
                return argument
        return None

    @property
    def is_open(self) -> bool:
        """Whether `**options` may add keywords that are not written here."""
        return any(argument.star == "**" for argument in self.arguments)


class Entry(Struct, frozen=True, array_like=True, gc=False, tag="entry"):
    """One `key: value` of a dict; KEY is None for `**value`."""

    key: Value | None
    value: Value
    span: Span = NOWHERE


class Mapping(Struct, frozen=True, array_like=True, gc=False, tag="mapping"):
    """A dict display."""

    entries: tuple[Entry, ...]
    span: Span = NOWHERE


class Items(Struct, frozen=True, array_like=True, gc=False, tag="items"):
    """A list, tuple or set display. A starred item is an `Opaque` holding its value."""

    kind: OneOf["list", "tuple", "set"]
    items: tuple[Value, ...]
    span: Span = NOWHERE


class Text(Struct, frozen=True, array_like=True, gc=False, tag="text"):
    """An f-string: literal parts and interpolated values, in order."""

    parts: tuple[Value, ...]
    span: Span = NOWHERE


class Operation(Struct, frozen=True, array_like=True, gc=False, tag="operation"):
    """A binary, boolean or comparing operation: `30 * 60`, `url or "redis://"`, `"celery" in argv`."""

    operator: str
    left: Value
    right: Value
    span: Span = NOWHERE


class Subscript(Struct, frozen=True, array_like=True, gc=False, tag="subscript"):
    """`value[index]`."""

    value: Value
    index: Value
    span: Span = NOWHERE


class Await(Struct, frozen=True, array_like=True, gc=False, tag="await"):
    """`await value`."""

    value: Value
    span: Span = NOWHERE


class Choice(Struct, frozen=True, array_like=True, gc=False, tag="choice"):
    """`body if test else orelse`."""

    test: Value
    body: Value
    orelse: Value
    span: Span = NOWHERE


class Lambda(Struct, frozen=True, array_like=True, gc=False, tag="lambda"):
    """`lambda: body`; calls in the body stand in a block of kind `lambda`."""

    body: Value
    span: Span = NOWHERE


class Opaque(Struct, frozen=True, array_like=True, gc=False, tag="opaque"):
    """An expression that has no meaning here; PARTS are the values found in it."""

    parts: tuple[Value, ...] = ()
    span: Span = NOWHERE


Value = (
    Literal | Name | Attribute | Call | Mapping | Items | Text | Operation
    | Subscript | Await | Choice | Lambda | Opaque
)  # fmt: skip


class WithItem(Struct, frozen=True, array_like=True, gc=False):
    """`value as target` in a `with`; TARGET is the resolved name."""

    value: Value
    target: str | None = None


class Block(Struct, frozen=True, array_like=True, gc=False):
    """A region of code. Blocks form a tree: PARENT is an index into `PythonFacts.blocks`, -1 for the module.

    VALUE is the test of an `if`, `while` or `case`, the iterable of a `for`, the type of an `except`.
    NAME is the name of a function or class, or what an `except` binds.
    """

    kind: BlockKind
    parent: int
    span: Span
    name: str | None = None
    value: Value | None = None
    items: tuple[WithItem, ...] = ()
    is_async: bool = False


class Parameter(Struct, frozen=True, array_like=True, gc=False):
    """One parameter of a function; STAR is `*` or `**` for a collecting one."""

    name: str
    star: OneOf["", "*", "**"] = ""
    keyword_only: bool = False
    positional_only: bool = False
    default: Value | None = None
    annotation: Value | None = None


class Function(Struct, frozen=True, array_like=True, gc=False):
    """A `def`. SPAN covers decorators and body, NAME_SPAN the name; BLOCK is its body's block, OUTER the
    block it is defined in. QUALNAME joins the names of the enclosing classes and functions with dots."""

    name: str
    qualname: str
    span: Span
    name_span: Span
    block: int
    outer: int
    is_async: bool
    is_generator: bool
    decorators: tuple[Value, ...]
    parameters: tuple[Parameter, ...]
    returns: Value | None = None


class Class(Struct, frozen=True, array_like=True, gc=False):
    """A `class` statement; bases and keywords as arguments."""

    name: str
    qualname: str
    span: Span
    name_span: Span
    block: int
    outer: int
    decorators: tuple[Value, ...]
    bases: tuple[Argument, ...]


class Assignment(Struct, frozen=True, array_like=True, gc=False):
    """`target = value` (one fact per target). TARGET is resolved: `@app.conf.task_routes`, `%loop`; None when
    it is no dotted name, then TARGET_VALUE still says what it was (a subscript, an attribute of a call)."""

    target: str | None
    target_value: Value
    value: Value | None
    span: Span
    block: int
    operator: AssignmentOperator = "="
    annotation: Value | None = None


class Return(Struct, frozen=True, array_like=True, gc=False):
    """`return value`."""

    value: Value | None
    span: Span
    block: int


class Raise(Struct, frozen=True, array_like=True, gc=False):
    """`raise value from cause`; VALUE is None for a bare `raise`."""

    value: Value | None
    cause: Value | None
    span: Span
    block: int


class Jump(Struct, frozen=True, array_like=True, gc=False):
    """A `break`, a `continue`, or a `pass`."""

    kind: JumpKind
    span: Span
    block: int


class Loop(Struct, frozen=True, array_like=True, gc=False):
    """`for target in value`, of a statement or in a comprehension.

    TARGET is a `Name`, or `Items` for `for key, value in …`. SPAN is where the loop binds its names: the body of the
    statement, the whole comprehension. BLOCK is the body's block; for a comprehension the one it stands in.
    """

    target: Value
    value: Value
    span: Span
    block: int


class Evaluation(Struct, frozen=True, array_like=True, gc=False):
    """An expression that no other fact holds: a statement of its own that is no plain call, what is asserted, deleted
    or matched."""

    value: Value
    block: int


class Import(Struct, frozen=True, array_like=True, gc=False):
    """One imported name. `import a.b as c`: MODULE "a.b", NAME None, ALIAS "c".
    `from .m import x`: MODULE ".m", NAME "x" ("*" for a star import)."""

    module: str
    name: str | None
    alias: str | None
    span: Span
    block: int

    @property
    def target(self) -> str:
        """The dotted name of what is imported; of the module for a star import."""
        if self.name in (None, "*"):
            return self.module
        return f"{self.module}{self.name}" if self.module.endswith(".") else f"{self.module}.{self.name}"


class PythonFacts(Struct, frozen=True, array_like=True, gc=False):
    """What one Python file says."""

    path: str
    blocks: tuple[Block, ...] = ()
    imports: tuple[Import, ...] = ()
    functions: tuple[Function, ...] = ()
    classes: tuple[Class, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    calls: tuple[Call, ...] = ()
    returns: tuple[Return, ...] = ()
    raises: tuple[Raise, ...] = ()
    jumps: tuple[Jump, ...] = ()
    loops: tuple[Loop, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    error: ReadError | None = None


class ImportedNames(Struct, frozen=True, array_like=True, gc=False):
    """The dotted names that a Python file imports: ANYWHERE in it, and those that it surely imports AT_ONCE, when it
    is imported itself. Relative ones keep their dots."""

    anywhere: tuple[str, ...] = ()
    at_once: tuple[str, ...] = ()


class ReadError(Struct, frozen=True, array_like=True, gc=False):
    """Why a file could not be read; SPAN is where the reader stopped."""

    message: str
    span: Span = NOWHERE


class Word(Struct, frozen=True, array_like=True, gc=False):
    """One word of a command line. TEXT is None when it cannot be known (a variable without a default, a
    template); RAW is how it is written. SPAN is where, in the file that holds the command. TEMPLATE is the word as
    shell text over the environment variables it depends on (`--queues=${QUEUES:-short}`), None without any. PREFIX is
    what is known of its start when TEXT is None: `--queues=`."""

    text: str | None
    raw: str
    span: Span = NOWHERE
    template: str | None = None
    prefix: str = ""


class Condition(Struct, frozen=True, array_like=True, gc=False):
    """A shell test around a command: TEMPLATE (see `Word`) matches one of the shell patterns PATTERNS, or, when
    NEGATED, none of them. TEMPLATE is None for a test of something else than words: `if make-ready; then`."""

    template: str | None
    patterns: tuple[str, ...] = ()
    negated: bool = False


class Place(Struct, frozen=True, array_like=True, gc=False):
    """A span of the file PATH."""

    path: str
    span: Span


class Command(Struct, frozen=True, array_like=True, gc=False):
    """A command that some deployment file runs.

    WORDS start with the program. ENVIRONMENT holds what the file sets for it (None: set, value unknown).
    SERVICE is the compose service, Kubernetes workload, supervisor program, systemd unit, Procfile type or
    make target. KIND says what file it is. ALTERNATIVE groups commands that run together: two compose files,
    or a Makefile and a compose file, are alternatives of each other and not a sum. OVERRIDES is the path of a
    Dockerfile or script whose own command this one replaces (a compose service with `build:` and `command:`).
    SCRIPT is the path of a project script that the command runs instead of being one itself (`./start.sh`); it is
    the Dockerfile for a service that runs what its image says (then WORDS are empty).

    THROUGH is the program that runs Celery's command line and may bring the app with it (`manage.py`,
    `nautobot-server`). STAGE is the build stage of a Dockerfile. ENTRYPOINT are the leading words that a service
    keeps when it replaces the rest. CONDITIONS all hold where a shell script runs the command. REPLICAS_AT is where
    REPLICAS is written, when that is a plain number. PORTS are those that a compose service publishes, as
    `address:published:target` as far as that is written; `host` stands for the host's own network. ENV_FILES are the
    files that add to its environment.
    """

    words: tuple[Word, ...]
    path: str
    span: Span
    kind: CommandKind
    alternative: str
    service: str | None = None
    environment: dict[str, str | None] = {}
    replicas: int | None = None
    workdir: str | None = None
    overrides: str | None = None
    script: str | None = None
    execs: bool = False
    through: str | None = None
    stage: str | None = None
    entrypoint: tuple[Word, ...] = ()
    conditions: tuple[Condition, ...] = ()
    replicas_at: Place | None = None
    ports: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()


class Copy(Struct, frozen=True, array_like=True, gc=False):
    """A file or folder SOURCE of the project that stands at DESTINATION in a container (`COPY`, a bind mount).
    SOURCE is relative to the build context (`COPY`) or to the project's root; a `/` at the end is kept."""

    source: str
    destination: str


class DeployFacts(Struct, frozen=True, array_like=True, gc=False):
    """What one deployment file says."""

    path: str
    commands: tuple[Command, ...] = ()
    copies: tuple[Copy, ...] = ()
    error: ReadError | None = None
