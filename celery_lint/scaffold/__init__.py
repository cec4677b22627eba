"""`celery-lint new-rule`: the files of a new rule, which pass their own tests from the first moment on."""

from celery_lint.scaffold.rules import NewFile, our_rule, own_rule, write_new

__all__ = ["NewFile", "our_rule", "own_rule", "write_new"]
