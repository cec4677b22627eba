# ruff: noqa: E501 - a shape is read as one line
"""The tree made from CPython's says what LibCST's own parser says, at the same bytes, in whatever shape code is written."""

from __future__ import annotations

import sys

import pytest

from celery_lint.facts.python import cpython
from celery_lint.facts.python.reader import read
from celery_lint.facts.python.tree import made_tree

SHAPES = {
    "decorators": "@app.task\n@( # @\n  wraps(f)\n)\n@  d\nasync  def f(a, /, b: int = 1, *c: str, d=2, **e) -> (int): pass\n",
    "class": "@d\nclass  A(B, *bases, metaclass=M, **kw):\n    '''doc'''\n    def m(self): return  \n    x = 1;\n",
    "parentheses": "x = ( ( a ) ) . b\ny = (f)((a), k=(b), *(c), **(d))\nz = ((1, (2),))\nw = -(1)\nv = (a) and (b) or (c)\n",
    "tuples": "a, (b) = (1), 2,\nx = ()\ny = ( )\nz = (  1, 2 , )\nw = (1,),\nfor (i), j in (a), b: pass\nreturn_ = *a, (b)\n",
    "delete": "del a\ndel a,\ndel (a), b.c\ndel (a, b)\ndel [a]\ndel a[0], b[1:2],\n",
    "subscripts": "x[1]\nx[a, b]\nx[a,]\nx[(a, b)]\nx[1 : ]\nx[ : , 1:2:3 , (a)]\nx[ (1) : (2) ]\nx[*a]\nx[*a, b]\nx[f(1):g(2)]\n",
    "generators": "f(x for x in y)\nf( (x) for x in (y) if (x) if z )\nf((x for x in y), 1)\n(x for x in y)\n"
    "((a.b(c) for a in b for d in e if f))\n[x async for x in y]\n{(k): (v) for k, v in z}\n{(x) for x in y}\n",
    "mappings": "x = {**(a), (b): (c), ** d, 'e': f,}\ny = {}\nz = {(1), *b}\nw = [*(a), (b)]\n",
    "operations": "a or b or (c or d) or e and f and g\nnot (a)\n(a) < (b) <= c\na if (b) else (c)\na ** -b @ c\na is not  b\n",
    "lambdas": "f = lambda: (x)\ng = lambda a, b=(1), *c, d=f(2), **e: (yield)\nh = (lambda *, a: a)(1)\n",
    "walrus": "if (n := f(x)) and (m := 2): pass\nprint((y := g()), [z := 1, z], k=(w := 2))\n",
    "strings": "x = 'a' \"b\" \\\n  r'c'\ny = ('a'  # é\n\n     'é'\n  'c')\nz = b'1' b'2'\nw = ('é') % (a, b)\n",
    "f-strings": "x = f'{a!r:>{w}} é {b(1)} {{}}'\ny = ('é' f'{a}'\n     'b' f'''{\n  (c)  }\n  {d}''')\nz = (f'{x}')\nf((f'{f\"{a}\"}'))\n",
    "plain f-strings": "x = f'{a} é {b.c}'\ny = F\"{a}{b} 'c' {None}\"\nz = f''\nw = f'{ a }{b!r}'\nv = f'{a}' 'b'\nu = f''' {a} '''\n"
    "f(f'{a.b.c}', (f'{d}'), k=f'e')\nt = f'{{a}}' + f'\\n{a}' + rf'{a}'\n",
    "what stands in f-strings": "x = f'{a[0]:>{b.c(1)}} {d if e else f} {g!r} {(h := 2)} {[i for i in j]} {a != b} {(lambda: 1)()}'\n"
    'y = f\'{ {1: 2}[1] } { a } {a , b} {(c, d)} {*e, f} {x[1:2]} {d["}"]} {d["a:b!r"]!s:x} {a >= b == c}{{{g}}}\'\n'
    "z = f'''{a[\"b\"]} {\nc\n!r} \"\n''\\'{d:%H:%M}'''\nw = F\"{f'{g(x)} é'} {f''}{h:é}\"\n",
    "f-strings that are parsed": "x = f'{y = } {z=!r}'\nw = f'\\N{EN DASH} {a}'\n",
    "raw f-strings": "x = rf'\\d{a}\\{b}\\N{c}' f'\\n{d}\\{e}'\ny = fR'{a}\\''\nz = f'\\''\n",
    "strings in a row": "x = ('a' f'{b}'  # é\n  u'c' 'd' r'\\e')\ny = b'a' b'b'\nz = b'a'\nw = f'a' 'b' + 'c'  'd'.e\n"
    "v = f(('a' 'b'), 'c'\\\n 'd')\n",
    "slices": "x[:]\nx[ : ]\nx[1:]\nx[1 : ]\nx[(1) : (2) ]\nx[a:b:c]\nx[::2]\nx[ 1 :: ]\nx[1: # é\n ]\nx[:,1]\n"
    "x[a:b, (c), ...]\nx[f(1):][0]\ndel x[:]\n",
    "formatted in blocks": "class A:\n\tif x:\n\t\ty = (f'{a}'\n\t\t\t# é\n\t\tf'{b(  c )}')\n\t\tmatch a:\n\t\t    case 1:\n"
    "\t\t        z = ('a'\n\t\t        f'{b}')\n",
    "statements": "x = 1; y = 2 ; \nif x: a; b;\nelif y: c\nelse: d ;\nwhile x: break\nelse: pass\nfor i in x: continue\nelse:\n  pass\n",
    "try": "try: a\nexcept (B): c;\nexcept (D, E) as f:\n    g\nelse: h\nfinally: i  # é\ntry:\n  a\nexcept* B:\n  c ;\ntry: a\nfinally: b\n",
    "with": "with a: b\nwith (a): b\nwith (a) as b, c() as d: e\nwith (\n  a as b,\n  c(),  # é\n): d\nasync def f():\n async with a: await (b)\n",
    "match": "match a, b:\n    case [1, x] if (x): y\n    case A(b=c) | None:\n        z = ('a'\n        'b')\nmatch (x):\n case _: pass\n",
    "async": "async def f():\n    async for x in (y): await  z\n    return (await a, [b async for b in c])\n",
    "yields": "def f():\n    x = yield\n    yield  \n    yield a, b\n    yield from (c)\n    return (yield d)\n",
    "raise": "raise\nraise (A) from (b)\nraise B(1) ; \nassert (a), (b)\nassert c\n",
    "imports": "import a, b . c as d\nfrom . import (x as y,\n  z)  # é\nfrom .a import *\nfrom .. b import c, d as e ;\n",
    "annotations": "x: int\ny: (int) = (1)\na.b: List[int] = []\nz: 'é' = 1\nx += (1)\n",
    "nested functions": "def f():\n  @d\n  def g():\n     @e\n     class A: x = 1\n  @h\n  async def i(): pass\n",
    "lines": "x = \\\n   1\ny = [\n\n # é\n  1,\n\f\n 2]\n\f\nif x:\n\tpass\n\t# c\nelse:\n        a = \\\n  b\n",
    "indents": "if a:\n  if b:\n        x = ('a'\n'b')\n  else:\n    y = ('c'\n      'd')\n",
    "constants": "None; True; ...; 1_0; 1.5e3; 2j; __debug__\nx = -1, +2, ~3, not 4\n",
    "empty": "",
    "comment": "# é",
}

UNKNOWN = {
    "type parameters": "type X[T] = list[T]\ndef f[T: int](x: T) -> T: return f[T]\nclass A[*T, **P](B): pass\n",
    "star annotation": "def f(*a: *T): pass\n",
    "names that CPython normalises": "def  é(): ñ(ü=1)\nclass Ω: pass\n𝔘 = 1\ndef ﬁ(): pass\n",
}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_the_facts_are_those_of_libcsts_parser(text: str, newline: str) -> None:
    for written in (text, text.rstrip("\n"), "\ufeff" + text):
        data = written.replace("\n", newline).encode()
        assert _is_made(data)
        assert read("x.py", data) == read("x.py", data, generated=True)


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_is_not_known_is_parsed_by_libcst(text: str) -> None:
    data = text.encode()
    assert not _is_made(data)
    assert read("x.py", data) == read("x.py", data, generated=True)


def test_quotes_in_an_f_string_are_read_where_cpython_reads_them() -> None:
    data = b"x = f'{a['b']} {f'{c}'}'\ny = 1\n"
    assert _is_made(data) == (sys.version_info >= (3, 12))
    assert read("x.py", data) == read("x.py", data, generated=True)


def test_another_encoding_is_parsed_by_libcst() -> None:
    data = "# coding: latin-1\nx = 'é'; y = f(1)\n".encode("latin-1")
    assert not _is_made(data)
    facts = read("x.py", data)
    assert facts.calls[0].span.start == data.index(b"f(1)")
    assert facts == read("x.py", data, generated=True)


def test_another_encoding_of_nothing_but_ascii_is_made() -> None:
    assert _is_made(b"# coding: latin-1\nx = f(1)\n")


def test_a_long_chain_of_alternatives_is_read() -> None:
    data = b"if a: pass\n" + b"elif b: pass\n" * 300
    assert len([block for block in read("x.py", data).blocks if block.kind == "else"]) == 300


def _is_made(data: bytes) -> bool:
    try:
        tree = cpython.module(data)
    except SyntaxError:
        return False
    return made_tree(tree, data) is not None
