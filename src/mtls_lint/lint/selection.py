"""Which rules run: ``--select`` and ``--ignore``."""

import difflib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from mtls_lint.lint.rule import Rule


class SelectionError(ValueError):
    """A selector matches no rule; the message suggests what was meant."""


def select_rules(rules: Sequence[Rule], select: Iterable[str], ignore: Iterable[str]) -> tuple[Rule, ...]:
    """The rules to run: those that ``select`` names (all when it names none), less those of ``ignore``.

    A selector is a rule id, a family (``trust``), a pattern (``cert-*``) or ``all``. Raises SelectionError
    for one that matches nothing.
    """
    wanted = {rule.id for selector in select for rule in _matching(rules, selector)}
    unwanted = {rule.id for selector in ignore for rule in _matching(rules, selector)}
    return tuple(rule for rule in rules if (not wanted or rule.id in wanted) and rule.id not in unwanted)


def _matching(rules: Sequence[Rule], selector: str) -> list[Rule]:
    found = [
        rule
        for rule in rules
        if selector.lower() == "all" or selector == rule.family or fnmatchcase(rule.id, selector)
    ]
    if not found:
        raise SelectionError(f"no rule or family is called {selector!r}" + _suggestion(rules, selector))
    return found


def _suggestion(rules: Sequence[Rule], selector: str) -> str:
    names = {rule.id for rule in rules} | {rule.family for rule in rules}
    close = difflib.get_close_matches(selector, sorted(names), n=1)
    return f"; did you mean {close[0]!r}?" if close else "; `mtls-lint rules` lists them"
