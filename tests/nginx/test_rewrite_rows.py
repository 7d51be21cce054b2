"""Conditions on one variable are looked up: with the answer, and the story, as if each were tried."""

from datetime import datetime

from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Connection, Decision, Request
from mtls_lint.nginx.model import build
from mtls_lint.syntax.loader import load_text

NOW = datetime(2026, 1, 1)


def decided(rewrite: str, said: str) -> Decision:
    text = f"events {{}} http {{ server {{ listen 80; {rewrite} location / {{ return 200 end; }} }} }}"
    request = Request("example.com", headers=(("x", said),))
    return decide(build(load_text(text)), Connection("0.0.0.0", 80), request, None, NOW)


ROW = "if ($http_x = a) { return 403; } if ($http_x = b) { set $seen 1; } if ($http_x = c) { return 404; }"


def test_those_before_the_one_that_holds_are_told_of() -> None:
    found = decided(ROW, "c")
    assert found.status == 404
    assert [one.held for one in found.conditions] == [False, False, True]
    words = [step.what for step in found.steps]
    held = words.index("if ($http_x = c) holds")
    before = ["if ($http_x = a) does not hold", "if ($http_x = b) does not hold"]
    assert words[held - 2 : held] == before


def test_the_way_goes_on_behind_one_that_ends_nothing() -> None:
    found = decided(ROW, "b")
    assert found.status == 200
    assert [one.held for one in found.conditions] == [False, True, False]


def test_what_is_entered_may_change_the_variable() -> None:
    found = decided(
        "set $v a; if ($v = a) { set $v c; } if ($v = a) { return 403; } if ($v = c) { return 404; }", ""
    )
    assert found.status == 404
    assert [one.held for one in found.conditions] == [True, False, True]


def test_of_a_value_that_is_not_known_each_is_doubtful() -> None:
    found = decided("if ($request_id = a) { return 403; } if ($request_id = b) { return 404; }", "")
    assert found.status == 200
    assert len(found.uncertain) == 2
