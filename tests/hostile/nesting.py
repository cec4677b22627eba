"""Python that is nested, chained or repeated N times, each in its own way."""

from __future__ import annotations

from collections.abc import Callable


def around(opening: str, inner: str, closing: str, before: str = "x = ", after: str = "") -> Callable[[int], str]:
    return lambda n: before + opening * n + inner + closing * n + after


def chain(link: str, joint: str, before: str = "x = ", after: str = "") -> Callable[[int], str]:
    return lambda n: before + joint.join([link] * n) + after


def blocks(header: str, tail: str = "") -> Callable[[int], str]:
    """Blocks in blocks; TAIL closes each of them."""

    def made(n: int) -> str:
        opened = "".join(" " * level + header + "\n" for level in range(n))
        closed = "".join(" " * level + tail + "\n" for level in reversed(range(n))) if tail else ""
        return f"{opened}{' ' * n}pass\n{closed}"

    return made


def numbered(item: str, before: str, after: str) -> Callable[[int], str]:
    return lambda n: before + ",".join(item.format(i) for i in range(n)) + after


def pattern(opening: str, closing: str, inner: str = "") -> Callable[[int], str]:
    return around(opening, inner, closing, "match a:\n case ", ": pass\n")


NESTED: dict[str, Callable[[int], str]] = {
    # brackets
    "parentheses": around("(", "1", ")"),
    "lists": around("[", "", "]"),
    "dictionaries": around("{1:", "2", "}"),
    "sets": around("{", "1", "}"),
    "tuples": around("(", "a", ",)"),
    "starred": around("[*", "a", "]"),
    "calls": around("f(", "", ")"),
    "starred calls": around("f(*", "a", ")"),
    "keyword calls": around("f(a=", "1", ")"),
    "subscripts in subscripts": around("a[", "0", "]"),
    "slices": around("a[b:", "b", "]"),
    "walruses": around("(a := ", "1", ")"),
    "comprehensions": around("[i for i in ", "a", "]"),
    "generators": around("f(", "a for a in b", ")"),
    "dictionary comprehensions": around("{a: ", "b", " for a in b}"),
    "conditionals in brackets": around("(a if ", "b", " else c)"),
    "yields": around("(yield ", "1", ")", "def f():\n x = "),
    "mixed": around("([{1:-f(", "1", ")}])"),
    "targets": around("(", "a", ",)", "", " = b"),
    "deleted": around("(", "a", ")", "del "),
    "annotated": around("a[", "b", "]", "x: "),
    "subject": around("(", "a", ")", "match ", ":\n case b: pass"),
    "with": around("(", "a", ")", "with ", " as b: pass"),
    "bounds of type parameters": around("a[", "b", "]", "class A[T: ", "]: pass"),
    "bracket after an error": around("(", "1", ")", "a b\nx = "),
    "error in brackets": around("(", "a b", ")"),
    "error in lambdas": around("(lambda: ", "a b", ")"),
    # chains
    "subscripts": chain("[0]", "", "x = a"),
    "calls of calls": chain("()", "", "x = f"),
    "attributes": chain(".b", "", "x = a"),
    "methods": chain(".b()", "", "x = a"),
    "minus": chain("-", "", "x = ", "1"),
    "tilde": chain("~", "", "x = ", "1"),
    "not": chain("not ", "", "x = ", "1"),
    "await": chain("await ", "", "async def f():\n x = ", "a"),
    "lambda": chain("lambda: ", "", "x = ", "1"),
    "conditionals": chain("a if b else ", "", "x = ", "c"),
    "assignments": chain("a = ", "", "", "1"),
    "dots of an import": chain("b", ".", "import "),
    "relative import": chain(".", "", "from ", " import a"),
    "adjacent strings": chain("'a'", " ", "x = (", ")"),
    "adjacent f-strings": chain("f'{a}'", " ", "x = (", ")"),
    **{f"operator {operator}": chain("a", f" {operator} ") for operator in (
        "+", "-", "*", "/", "//", "%", "@", "**", "<<", ">>", "&", "|", "^", "<", "==", "in", "not in", "is not",
        "and", "or", "and not", "and b or",
    )},
    "loops of a comprehension": chain("for i in a", " ", "x = [i ", "]"),
    "conditions of a comprehension": chain("if a", " ", "x = [i for i in a ", "]"),
    "default values": lambda n: "x = " + "lambda a=" * n + "1" + ": 1" * n,
    # blocks
    "functions": blocks("def f():"),
    "classes": blocks("class A:"),
    "ifs": blocks("if a:"),
    "loops": blocks("for a in b:"),
    "withs": blocks("with (a as b):"),
    "tries": blocks("try:", "finally: pass"),
    "elif": lambda n: "if a: pass\n" + "elif a: pass\n" * n,
    "else if": lambda n: "if a: pass\n" + "".join(f"{' ' * i}else:\n{' ' * i} if a: pass\n" for i in range(n)),
    "matches": lambda n: "".join(f"{' ' * 2 * i}match a:\n{' ' * 2 * i} case b:\n" for i in range(n)) + "  " * n + "1",
    "indents without a header": lambda n: "".join(" " * i + "x\n" for i in range(n)),
    # patterns
    "sequence patterns": pattern("[", "]"),
    "tuple patterns": pattern("(", ",)", "a"),
    "patterns in parentheses": pattern("(", ")", "a"),
    "class patterns": pattern("A(", ")"),
    "keyword patterns": pattern("A(a=", ")", "1"),
    "mapping patterns": pattern("{1:", "}", "a"),
    "alternative patterns": pattern("(1|", ")", "1"),
    "long alternatives": chain("1", "|", "match a:\n case ", ": pass\n"),
    "error in patterns": pattern("(", ",)", "a b"),
    # f-strings
    "f-strings": lambda n: "x = " + "f'{" * n + "a" + "}'" * n,
    "format specifications": lambda n: "x = f'" + "{a:" * n + "b" + "}" * n + "'",
    "parentheses in an f-string": around("(", "a", ")", "x = f'{", "}'"),
    "signs in an f-string": chain("-", "", "x = f'{", "a}'"),
    "attributes in an f-string": chain(".b", "", "x = f'{a", "}'"),
    "parts of an f-string": chain("{a}", "", "x = f'", "'"),
    # many of a kind
    "decorators": lambda n: "@a(1)\n" * n + "def f(): pass\n",
    "excepts": lambda n: "try: pass\n" + "except A: pass\n" * n,
    "cases": lambda n: "match a:\n" + " case 1: pass\n" * n,
    "parameters": numbered("a{}", "def f(", "): pass"),
    "keywords": numbered("a{}=1", "f(", ")"),
    "type parameters": numbered("A{}", "def f[", "](): pass"),
    "globals": numbered("a{}", "def f():\n global ", ""),
    "statements on a line": chain("a", "; ", ""),
    "lines of a statement": lambda n: "x = 1 \\\n" + "+ 1 \\\n" * n,
    "digits": lambda n: "x = " + "9" * n,
    "hexadecimal digits": lambda n: "x = 0x" + "9" * n,
    "letters of a name": lambda n: "a" * n,
    # nonsense
    "blank lines": lambda n: "\n" * n,
    "comments": lambda n: "#\n" * n,
    "open parentheses": lambda n: "(" * n,
    "closed parentheses": lambda n: ")" * n,
    "quotes": lambda n: "'" * n,
    "double quotes": lambda n: '"' * n,
    "open f-strings": lambda n: "f'{" * n,
    "backslashes": lambda n: "\\" * n,
    "continued blank lines": lambda n: "\\\n" * n,
    "async": lambda n: "async " * n,
    "type": lambda n: "type " * n,
    "print": lambda n: "print " * n,
    "semicolons": lambda n: ";" * n,
}  # fmt: skip
