"""Evaluation of many cases: `table` names them, `run` has them done, `gathering` and `summary` say what came of it.

Nothing is imported here: every worker process loads this package, and needs `work` only.
"""
