"""Expressions that are compiled late: what they do, and that all of them can be compiled."""

import importlib
import pkgutil
import re

import mtls_lint
from mtls_lint.expressions import expression


def test_it_is_compiled_when_it_is_asked_for() -> None:
    broken = expression("(")
    try:
        broken.match("")
    except re.error:
        pass
    else:
        raise AssertionError
    text, data = expression("(?P<x>a+)", re.IGNORECASE), expression(rb"\w", re.ASCII)
    for _ in range(2):
        found = text.fullmatch("aA")
        assert found is not None
        assert found["x"] == "aA"
        assert data.findall(b"ab") == [b"a", b"b"]
    assert text.pattern == "(?P<x>a+)"


def test_all_expressions_are_sound() -> None:
    kind = type(expression(""))
    names = [one.name for one in pkgutil.walk_packages(mtls_lint.__path__, "mtls_lint.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    expressions = [value for module in modules for value in vars(module).values() if isinstance(value, kind)]
    assert len(expressions) > 40
    for one in expressions:
        assert one.pattern
