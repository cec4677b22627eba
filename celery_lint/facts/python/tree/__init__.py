"""LibCST's tree of a file, made from CPython's instead of parsed.

LibCST's parser takes three quarters of a cold run: it keeps every blank and comment as a node of its own, and those are
four in ten. Reading needs none of them; only fixes do, and they parse what they rewrite. `ast.parse` takes a tenth of
the time, and both trees follow one grammar, so that the nodes that say something are made from it, with their byte
spans. Where that cannot be done LibCST parses: an f-string or a slice by itself, the whole file for syntax that is not
known here.
"""

from celery_lint.facts.python.tree.statements import made_tree

__all__ = ["made_tree"]
