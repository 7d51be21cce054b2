"""``allow`` and ``deny``: access by the address of the client, in http and stream."""

from functools import lru_cache

from mtls_lint.nginx.decision import Story
from mtls_lint.nginx.inheritance import Scope
from mtls_lint.syntax.tree import Directive


def access_rules(scope: Scope) -> tuple[Directive, ...]:
    """The rules that hold at this level, in order: those of the nearest level that has any of either kind."""
    level: Scope | None = scope
    while level is not None:
        allowing, denying = level.find("allow"), level.find("deny")
        if allowing and denying:
            return _in_order(level)
        if allowing or denying:
            return allowing or denying
        level = level.outer
    return ()


@lru_cache(maxsize=64)
def _in_order(level: Scope) -> tuple[Directive, ...]:
    """Both kinds; the level may be that of ``http``, which holds thousands of servers that ask for it."""
    return tuple(directive for directive in level.directives if directive.name in {"allow", "deny"})


def by_address(scope: Scope, story: Story) -> bool | None:
    """Whether the rules let everybody pass or nobody; None when they say nothing, or it depends on who asks.

    ``story`` takes the rule that decides, or the doubt.
    """
    rules = access_rules(scope)
    verdict: bool | None = None
    others = rules
    for index, rule in enumerate(rules):
        if rule.args[:1] == ("all",):
            others = tuple(other for other in rules[:index] if other.name != rule.name)
            story.say(rule.text, rule.span)
            verdict = rule.name == "allow"
            break
    if others:
        story.doubt(f"{others[0].span}: access depends on the client's address")
        return None
    return verdict
