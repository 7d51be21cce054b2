"""Texts that match a regular expression, as far as they are easily seen."""

from collections.abc import Iterable

from mtls_lint.expressions import expression
from mtls_lint.nginx.regex import Matched, search

# What stands for a text in a regular expression, so that an example of a URI can be made of it.
_EXAMPLES = (
    (expression(r"\(\?(?:[a-zA-Z-]*:|[<'P][^>']*[>'])"), "("),
    (expression(r"\(\?[=!<][^()]*\)"), ""),
    (expression(r"\[\^[^\]]*\][+*]?\??"), "x"),
    (expression(r"\[(?:\\)?([0-9A-Za-z])[^\]]*\](?:[+*]\??|\{\d+(?:,\d*)?\})?"), r"\1"),
    (expression(r"\\s(?:[*?]\??|\{0)"), ""),
    (expression(r"\\d(?:[+*]\??|\{\d+(?:,\d*)?\})?"), "1"),
    (expression(r"(?:\\[wS]|(?<!\\)\.)[+*]\??"), "x"),
    (expression(r"\(([^()|]*)(?:\|[^()]*)?\)[?*+]?"), r"\1"),
    (expression(r"\(([^()|]*)(?:\|[^()]*)?\)[?*+]?"), r"\1"),
    (expression(r"(?<!\\)[\^$]"), ""),
    (expression(r"(?<=\w|/)[?*+]"), ""),
    (expression(r"\\([^0-9A-Za-z])"), r"\1"),
)


# What says in an expression that an attribute of a name begins or ends there: (^|,) and (,|$).
_BOUNDARY = expression(r"\((?:\?:)?(?:\^\|[,/]|[,/]\|\^|\$\|[,/]|[,/]\|\$)\)")


def uris_matching(pattern: str, operator: str) -> list[str]:
    """URIs that match the expression of a location; ``operator`` is ``~`` or ``~*``."""
    text = _example(pattern)
    ending = (f"/example{text}",) if text.startswith(".") else ()
    candidates = (*ending, text, f"/{text}", f"/example{text}", f"{text}example", f"/{text}example", "/")
    return _matching(pattern, operator, (uri for uri in candidates if uri.startswith("/")))


def names_matching(pattern: str, operator: str) -> list[str]:
    """Distinguished names that match the expression of an ``if`` or ``map``; ``operator`` as in an ``if``."""
    text = _example(_BOUNDARY.sub("", pattern)).strip(",")
    return _matching(pattern, operator, (text,) if "=" in text else (f"CN={text}", text))


def texts_matching(pattern: str, operator: str) -> list[str]:
    """Other texts that match such an expression."""
    return _matching(pattern, operator, (_example(pattern),))


def _example(pattern: str) -> str:
    text = pattern
    for found, replacement in _EXAMPLES:
        text = found.sub(replacement, text)
    return text.partition("|")[0]


def _matching(pattern: str, operator: str, candidates: Iterable[str]) -> list[str]:
    caseless = operator.endswith("*")
    return [text for text in candidates if isinstance(search(pattern, text, caseless=caseless), Matched)]
