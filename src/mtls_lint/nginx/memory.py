"""Answers that are asked for again and again: worked out once, and kept with what they are about."""

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

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
    arguments are compared as keys of a dict are, servers and directives so by identity; a configuration is no
    such key, and has to be the first.
    """
    name = f"{function.__module__}.{function.__qualname__}"
    code = function.__code__
    makers = {1: _of_one, 2: _of_two}
    exact = not (code.co_kwonlyargcount or function.__defaults__)
    ask = makers.get(code.co_argcount if exact else 0, _of_several)(function, name)
    return cast("Callable[Concatenate[_Owner, _Rest], _Answer]", wraps(function)(ask))


def _of_one(function: "Callable[..., Any]", name: str) -> "Callable[..., Any]":
    def ask(owner: Any) -> Any:
        answers = owner.__dict__
        try:
            return answers[name]
        except KeyError:
            answer = answers[name] = function(owner)
            return answer

    return ask


def _of_two(function: "Callable[..., Any]", name: str) -> "Callable[..., Any]":
    def ask(owner: Any, other: Any = _NOT_ASKED, /, **named: Any) -> Any:
        if named:
            (other,) = named.values()
        answers = owner.__dict__.get(name)
        if answers is None:
            answers = owner.__dict__[name] = {}
        answer = answers.get(other, _NOT_ASKED)
        if answer is _NOT_ASKED:
            answer = answers[other] = function(owner, other)
        return answer

    return ask


def _of_several(function: "Callable[..., Any]", name: str) -> "Callable[..., Any]":
    def ask(owner: Any, /, *rest: Any, **named: Any) -> Any:
        answers = owner.__dict__.get(name)
        if answers is None:
            answers = owner.__dict__[name] = {}
        key = rest[0] if len(rest) == 1 else rest
        if named:
            key = (key, *sorted(named.items()))
        answer = answers.get(key, _NOT_ASKED)
        if answer is _NOT_ASKED:
            answer = answers[key] = function(owner, *rest, **named)
        return answer

    return ask
