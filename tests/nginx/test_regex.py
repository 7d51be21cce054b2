"""Regular expressions: PCRE, with limits, and loaded only when one must be run."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from mtls_lint.nginx.regex import Matched, search
from mtls_lint.nginx.regex_index import RegexIndex, beginning_of
from mtls_lint.syntax.tree import Unknown

SERVER = "listen 443 ssl; ssl_verify_client optional; location / { proxy_pass http://b; }"
PLAIN = f"events {{}} http {{ server {{ {SERVER} }} }}"
ASKED = PLAIN.replace("location / {", "location ~ ^/x { proxy_pass http://b; } location / {")
PROGRAM = """
import sys
from mtls_lint.testing import lint_text
lint_text(sys.argv[1])
print("pcre2" in sys.modules)
"""


@pytest.mark.parametrize(
    ("pattern", "beginning"),
    [
        ("^/api/", "/api/"),
        ("^/api/(v1|v2)/", "/api/"),
        (r"^/api[|]x\|y", "/api"),
        ("^/api/v2?/", "/api/v"),
        ("^/api/v{2}", "/api/"),
        ("/api/", ""),
        ("^/api|^/b", ""),
        (r"^/api(x\)|b)|/c", ""),
        (r"^/api\Q(\E|/b", ""),
        ("^/api(?#()|/b", ""),
        ("^/api(", ""),
    ],
)
def test_what_a_match_begins_with(pattern: str, beginning: str) -> None:
    assert beginning_of(pattern) == beginning


def test_only_what_may_match_is_run_in_its_order() -> None:
    index = RegexIndex([("^/b/", False), ("x$", False), ("^/a/", False), ("^/a/", True), ("^/a", False)])
    assert list(index.possible("/a/x")) == [1, 2, 3, 4]
    assert list(index.possible("/ü")) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)+$", "(a*)*b", "(?:(?:a?){40}){40}$(?<!a)c"])
def test_what_backtracks_for_ever_is_not_known(pattern: str) -> None:
    started = time.monotonic()
    found = search(pattern, "a" * 5000 + "c!")
    assert found is None or isinstance(found, Unknown)
    assert time.monotonic() - started < 5


def test_an_expression_that_gives_up_says_so() -> None:
    assert isinstance(search("^(a+)+$", "a" * 60 + "!"), Unknown)


def test_expressions_that_python_does_not_have() -> None:
    assert isinstance(search(r"^(?<x>a)\K(?>b+)(?R)?$", "abb"), Matched)
    assert isinstance(search("(", "x"), Unknown)


@pytest.mark.parametrize(("text", "loaded"), [(PLAIN, "False"), (ASKED, "True")])
def test_the_engine_is_loaded_only_when_it_must_run(text: str, loaded: str) -> None:
    source = str(Path(__file__).resolve().parent.parent.parent / "src")
    command = [sys.executable, "-c", PROGRAM, text]
    done = subprocess.run(command, env={"PYTHONPATH": source}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == loaded
