"""``if`` conditions, decided by what is known: true, false or undecided."""

from collections.abc import Mapping, Sequence


def decide_condition(words: Sequence[str], variables: Mapping[str, str]) -> bool | None:
    """Whether an ``if (...)`` holds, given the variables whose values are known; None when undecided.

    ``words`` are the arguments of the directive, parentheses included; ``variables`` maps names without
    ``$``. A lone variable is true unless empty or ``0``; ``=`` compares case-sensitively
    (ngx_http_rewrite_if_condition). Conditions on files and regular expressions stay undecided.
    """
    condition = _strip_parentheses(words)
    if not condition or not condition[0].startswith("$"):
        return None
    value = variables.get(condition[0][1:].strip("{}").lower())
    if value is None:
        return None
    if len(condition) == 1:
        return value not in {"", "0"}
    if len(condition) == 3 and condition[1] in {"=", "!="} and "$" not in condition[2]:
        return (value == condition[2]) is (condition[1] == "=")
    return None


def _strip_parentheses(words: Sequence[str]) -> list[str]:
    if not words:
        return []
    stripped = [str(word) for word in words]
    stripped[0] = stripped[0].removeprefix("(")
    stripped[-1] = stripped[-1].removesuffix(")")
    return [word for index, word in enumerate(stripped) if word or 0 < index < len(stripped) - 1]
