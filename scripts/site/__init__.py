"""The documentation site: what `docs/`, `rules/` and the program itself say, as pages for MkDocs.

`pages.build` makes all of it from the repository, `hook` gives it to MkDocs, `check` looks at what came of it.
"""
