"""From findings to fixed files: remedies become edits, edits are tried, judged and written.

- `attach` gives findings their `fix`, or `withheld`, the reason why there is none; `rewrite` carries out one remedy.
- `engine` fixes in memory (`plan`) and writes that (`carry_out`); `diff` shows a plan.

Nothing is imported here: most runs need but a part of it.
"""
