"""Answers that are asked for again and again: worked out once, and kept with what they are about."""

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Owner = TypeVar("_Owner")
_Rest = ParamSpec("_Rest")
_Answer = TypeVar("_Answer")

_NOT_ASKED = object()


def kept(
    function: "Callable[Concatenate[_Owner, _Rest], _Answer]",
) -> "Callable[Concatenate[_Owner, _Rest], _Answer]":
    """Keep the answers of a function in its first argument, for as long as that is there.

    That is a configuration, a server, the evidence of a run: whatever has a ``__dict__`` and never changes.
    Two hundred rules go through thousands of servers, and most ask the same questions of them. The other
    arguments are compared as keys of a dict are, servers and directives so by identity.
    """
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def ask(owner: _Owner, /, *rest: _Rest.args, **named: _Rest.kwargs) -> _Answer:
        answers: dict[object, Any] = vars(owner)  # type: ignore[assignment]
        key: object = name
        if rest or named:
            if name not in answers:
                answers[name] = {}
            answers = answers[name]
            key = rest[0] if len(rest) == 1 else rest
            if named:
                key = (key, *sorted(named.items()))
        answer = answers.get(key, _NOT_ASKED)
        if answer is _NOT_ASKED:
            answer = answers[key] = function(owner, *rest, **named)
        return answer  # type: ignore[no-any-return]

    return ask
