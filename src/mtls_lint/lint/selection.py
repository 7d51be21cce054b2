"""Which rules run: ``--select`` and ``--ignore``."""

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


def chosen(rule: Rule, selector: str) -> bool:
    """Whether a selector means this rule."""
    return selector.lower() == "all" or selector == rule.family or fnmatchcase(rule.id, selector)


def suggestion(rules: Sequence[Rule], selector: str) -> str:
    """The rule or family that was probably meant; empty where none is close."""
    import difflib  # noqa: PLC0415 - for mistakes

    names = {rule.id for rule in rules} | {rule.family for rule in rules}
    return next(iter(difflib.get_close_matches(selector, sorted(names), n=1)), "")


def _matching(rules: Sequence[Rule], selector: str) -> list[Rule]:
    found = [rule for rule in rules if chosen(rule, selector)]
    if not found:
        close = suggestion(rules, selector)
        hint = f"; did you mean {close!r}?" if close else "; `mtls-lint rules` lists them"
        raise SelectionError(f"no rule or family is called {selector!r}{hint}")
    return found
