"""What is read from one Python file, and how it says that it cannot be."""

from __future__ import annotations

import pytest

from celery_lint.facts import model
from celery_lint.facts.model import BlockKind, Call, Literal, Name, PythonFacts
from celery_lint.facts.python.reader import read
from celery_lint.project.code.expressions import within
from celery_lint.project.code.index import FileIndex


def facts(text: str) -> PythonFacts:
    found = read("proj/tasks.py", text.encode())
    assert found.error is None, found.error
    return found


def name_of(value: model.Value | None) -> str | None:
    return value.ref if isinstance(value, Name) else None


def around(text: str, name: str = "builtins.here") -> list[BlockKind]:
    """The kinds of the blocks around the call of NAME, the innermost first."""
    found = facts(text)
    [call] = [call for call in found.calls if name_of(call.callee) == name]
    kinds, number = [], call.block
    while number != -1:
        kinds.append(found.blocks[number].kind)
        number = found.blocks[number].parent
    return kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("here()", []),
        ("def f():\n    here()", ["function"]),
        ("async def f():\n    await here()", ["function"]),
        ("class A:\n    here()", ["class"]),
        ("class A:\n    def f(self):\n        here()", ["function", "class"]),
        ("f = lambda: here()", ["lambda"]),
        ("if x:\n    here()", ["if"]),
        ("if x:\n    pass\nelse:\n    here()", ["else"]),
        ("if x:\n    pass\nelif y:\n    here()", ["if", "else"]),
        ("for x in y:\n    here()", ["for"]),
        ("while x:\n    here()", ["while"]),
        ("with x:\n    here()", ["with"]),
        ("try:\n    here()\nfinally:\n    pass", ["try"]),
        ("try:\n    pass\nexcept E:\n    here()", ["except"]),
        ("try:\n    pass\nexcept* E:\n    here()", ["except"]),
        ("try:\n    pass\nexcept E:\n    pass\nelse:\n    here()", ["else"]),
        ("try:\n    pass\nfinally:\n    here()", ["finally"]),
        ("match x:\n    case 1:\n        here()", ["case"]),
        # What is evaluated before a block is entered does not stand in it.
        ("if here():\n    pass", []),
        ("for x in here():\n    pass", []),
        ("with here():\n    pass", []),
        ("match here():\n    case 1:\n        pass", []),
        ("match x:\n    case 1 if here():\n        pass", []),
        ("@here()\ndef f(): ...", []),
        ("@here()\nclass A: ...", []),
        ("class A(here()): ...", []),
        ("class A(metaclass=here()): ...", []),
        ("def f(x=here()): ...", []),
        ("def f() -> here(): ...", []),
        ("f = lambda x=here(): x", []),
    ],
)
def test_where_a_call_stands(text: str, kinds: list[BlockKind]) -> None:
    assert around(text) == [*kinds, "module"]


def test_a_text_of_many_strings_is_one_text() -> None:
    assignment = read("x.py", b"x = (" + b"'a'\n" * 10000 + b")\n").assignments[0]

    assert isinstance(assignment.value, model.Literal)
    assert assignment.value.value == "a" * 10000


@pytest.mark.parametrize(
    "text",
    [
        "raise here()",
        "assert here()",
        "assert x, here()",
        "raise X from here()",
        "del x[here()]",
        "x = [here() for y in z]",
        "x = [y for y in z if here()]",
        "x = f'{here()!r:>10}'",
        "x = f'{y:{here()}}'",
        "x[here()] = 1",
        "x += here()",
        "x = y if here() else z",
        "x = -here()",
        "x = a < here() < c",
        "x = {**here()}",
        "x = [*here()]",
        "x = y[1:here()]",
        "f(*here())",
        "f(**here())",
        "here()()",
        "here().x",
        "print((y := here()))",
        "def f():\n    yield here()",
        "def f():\n    return here()",
        "with x as y, here():\n    pass",
        "try:\n    pass\nexcept here():\n    pass",
        "x: here() = 1",
    ],
)
def test_no_call_is_missed(text: str) -> None:
    assert "builtins.here" in [name_of(call.callee) for call in facts(text).calls]


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("here()", "discarded"),
        ("x = here()", "assigned"),
        ("if (x := here()): pass", "assigned"),
        ("def f():\n    return here()", "returned"),
        ("f = lambda: here()", "returned"),
        ("def f():\n    yield here()", "yielded"),
        ("def f():\n    yield from here()", "yielded"),
        ("async def f():\n    await here()", "awaited"),
        ("f(here())", "argument"),
        ("with here(): pass", "entered"),
        ("for x in here(): pass", "iterated"),
        ("@here()\ndef f(): ...", "decorator"),
        ("here().x()", "receiver"),
    ],
)
def test_what_becomes_of_the_result_of_a_call(text: str, use: str) -> None:
    [call] = [call for call in facts(text).calls if name_of(call.callee) == "builtins.here"]
    assert call.use == use


def test_functions() -> None:
    text = "class A:\n    @app.task(bind=True)\n    async def f(self, a, /, b: int = 1, *args, c, **rest): ...\n"
    [function] = facts(text).functions
    assert (function.name, function.qualname, function.is_async) == ("f", "A.f", True)
    assert [(each.name, each.star) for each in function.parameters] == [
        ("self", ""), ("a", ""), ("b", ""), ("args", "*"), ("c", ""), ("rest", "**"),
    ]  # fmt: skip
    assert [each.name for each in function.parameters if each.keyword_only] == ["c"]
    assert [each.name for each in function.parameters if each.positional_only] == ["self", "a"]
    assert function.parameters[2].default == Literal(1, function.parameters[2].default.span)  # type: ignore[union-attr]
    [decorator] = function.decorators
    assert isinstance(decorator, Call)


@pytest.mark.parametrize(
    ("text", "is_generator"),
    [
        ("def f():\n    yield 1", True),
        ("def f():\n    x = yield", True),
        ("def f():\n    yield from x", True),
        ("def f():\n    for x in y:\n        if x:\n            yield x", True),
        ("def f():\n    return 1", False),
        ("def f():\n    def g():\n        yield 1\n    return g", False),
        ("def f():\n    return (x for x in y)", False),
    ],
)
def test_generators(text: str, is_generator: bool) -> None:
    outer = next(each for each in facts(text).functions if each.name == "f")
    assert outer.is_generator is is_generator


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("x = 1", ["@x"]),
        ("x = y = 1", ["@x", "@y"]),
        ("app = Celery()\napp.conf.task_routes = {}", ["@app", "@app.conf.task_routes"]),
        ("x: int = 1", ["@x"]),
        ("x: int", ["@x"]),
        ("x += 1", ["@x"]),
        ("def f():\n    loop = 1", ["%loop"]),
        ("class A:\n    x = 1", ["@A.x"]),
        ("app().conf = 1", [None]),
        ("if (x := 1): pass", ["@x"]),
        ("print(x := 1)", ["@x"]),
    ],
)
def test_assignments(text: str, targets: list[str | None]) -> None:
    assert [each.target for each in facts(text).assignments] == targets


def test_imports() -> None:
    text = "import a.b as c\nfrom .m import x as y\nfrom .. import z\nfrom n import *\n"
    assert [(each.module, each.name, each.alias) for each in facts(text).imports] == [
        ("a.b", None, "c"),
        (".m", "x", "y"),
        ("..", "z", None),
        ("n", "*", None),
    ]


@pytest.mark.parametrize(
    ("text", "value", "cause"),
    [
        ("raise", None, None),
        ("raise E", "builtins.E", None),
        ("raise E from e", "builtins.E", "builtins.e"),
        ("import a\nraise a.E from None", "a.E", None),
        ("try:\n    pass\nexcept E as e:\n    raise e", "@e", None),
    ],
)
def test_raises(text: str, value: str | None, cause: str | None) -> None:
    [found] = facts(text).raises
    assert (name_of(found.value), name_of(found.cause)) == (value, cause)


def test_a_raise_stands_in_its_block() -> None:
    found = facts("try:\n    pass\nexcept E:\n    if x:\n        raise\n    raise E()")
    assert [found.blocks[each.block].kind for each in found.raises] == ["if", "except"]


def test_jumps() -> None:
    found = facts("for x in y:\n    if x:\n        continue\n    break\nelse:\n    pass")
    assert [(each.kind, found.blocks[each.block].kind) for each in found.jumps] == [
        ("continue", "if"), ("break", "for"), ("pass", "module"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("for x in y: pass", ["@x"]),
        ("def f():\n    for x in y: pass", ["%x"]),
        ("for a, (b, c) in y: pass", ["@a", "@b", "@c"]),
        ("z = [x for x in y]", ["%x"]),
        ("z = {k: v for k, v in y.items()}", ["%k", "%v"]),
        ("z = [x for w in y for x in w]", ["%w", "%x"]),
        ("z = any(here(x) for x in y)", ["%x"]),
    ],
)
def test_what_loops_bind(text: str, names: list[str]) -> None:
    found = [value.ref for loop in facts(text).loops for value in within(loop.target) if isinstance(value, Name)]
    assert found == names


def test_where_loops_bind_their_names() -> None:
    text = "for x in y:\n    here(x)\nz = [here(x) for x in y]"
    statement, comprehension = facts(text).loops
    assert text[statement.span.start : statement.span.end].strip() == "here(x)"
    assert text[comprehension.span.start : comprehension.span.end] == "[here(x) for x in y]"


def test_the_loop_that_binds_a_name() -> None:
    text = "def f(x):\n    here(x)\n    for x in a:\n        here(x)\n        [here(x) for x in b]\n"
    index = FileIndex(facts(text))
    iterated = []
    for call in index.facts.calls:
        name = call.arguments[0].value
        assert isinstance(name, Name)
        loop = index.loop_of(name, call.block)
        iterated.append(loop and name_of(loop.value))
    assert iterated == [None, "builtins.a", "builtins.b"]


@pytest.mark.parametrize(
    "statement",
    [
        "here",
        "here.retries + 1",
        "yield here",
        "await here",
        "x += here.retries",
        "if here.retries > 3: pass",
        "if x: pass\n    elif here: pass",
        "while here: pass",
        "for x in here: pass",
        "with here: pass",
        "[x for y in here]",
        "raise here",
        "raise X from here",
        "assert here",
        "del here.x",
        "match here:\n        case 1: pass",
        "match x:\n        case 1 if here: pass",
        "try: pass\n    except here: pass",
        "return here",
    ],
)
def test_no_value_that_a_function_reads_is_missed(statement: str) -> None:
    index = FileIndex(facts(f"async def f():\n    {statement}\n"))
    [function] = index.facts.functions
    read = [value.ref for value in index.values(function) if isinstance(value, Name)]
    assert any(ref.startswith("builtins.here") for ref in read)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a' 'b'", "ab"),
        ("'''a'''", "a"),
        (r"r'\d'", r"\d"),
        (r"'\x41'", "A"),
        ("30", 30),
        ("-30", -30),
        ("1_000", 1000),
        ("0.5", 0.5),
        ("True", True),
        ("None", None),
        ("('a')", "a"),
    ],
)
def test_literals(text: str, value: object) -> None:
    [assignment] = facts(f"x = {text}").assignments
    assert isinstance(assignment.value, Literal)
    assert assignment.value.value == value
    assert type(assignment.value.value) is type(value)


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"x = (\n", "'(' was never closed", 1),
        (b"def f(:\n  pass\n", "invalid syntax", 1),
        (b"x = 1\n  y = 2\n", "unexpected indent", 2),
        (b"print 'x'\n", "Missing parentheses in call to 'print'. Did you mean print(...)?", 1),
        (b"x = 1\n\0\n", "it contains a NUL byte", 2),
        (b"x = '\xe9'\n", "invalid or missing encoding declaration", 1),
        (b"# coding: no-such\n", "unknown encoding: no-such", 1),
    ],
)
def test_what_is_no_python_is_one_error(data: bytes, message: str, line: int) -> None:
    found = read("x.py", data)
    assert found.error is not None
    assert message in found.error.message
    assert "\n" not in found.error.message
    assert data.count(b"\n", 0, found.error.span.start) + 1 == line
    assert not found.calls


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "1 + " * 60 + "1",
        "if x: pass\n" + "elif x: pass\n" * 60,
        "x = a" + ".b()" * 60,
        "x = " + "(" * 60 + ")" * 60,
    ],
    ids=["operators", "elif", "attributes", "brackets"],
)
def test_what_people_write_is_not_too_deep(text: str) -> None:
    facts(text + "\n" * 1000)
