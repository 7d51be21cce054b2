"""crossplane with our words: directives with exact places, and nothing of crossplane changed."""

import sys

import crossplane.parser
from hypothesis import given
from hypothesis import strategies as st

from mtls_lint.syntax.adapter import parse_source
from mtls_lint.syntax.lexer import MAX_NESTING
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind


def parsed(text: str) -> tuple[Directive, ...]:
    directives = parse_source(SourceFile("t.conf", text))
    assert not isinstance(directives, Problem), directives.message
    return directives


def test_directives_have_their_words_and_places() -> None:
    text = 'user  a ;\nhttp{\n  server { listen "443" ssl; }\n  # c\n  root /x;\n}\n'
    user, http = parsed(text)
    assert user.span.text == "user  a ;"
    assert (user.name, user.args, user.block) == ("user", ("a",), None)
    assert http.span.text == "http{"
    server, root = http.children
    assert (server.parent, root.parent, http.parent) == (http, http, None)
    (listen,) = server.children
    assert [span.text for span in listen.word_spans] == ["listen", '"443"', "ssl"]
    assert listen.arg_span(0).text == '"443"'
    assert (listen.span.line, listen.span.column) == (3, 12)
    assert str(root.span) == "t.conf:5:3"


def test_an_empty_block_is_a_block() -> None:
    (events,) = parsed("events {}")
    assert events.block == ()


def test_an_empty_text_is_a_configuration_without_directives() -> None:
    assert parsed("") == ()
    assert parsed("# nothing\n") == ()


def test_the_words_of_if_are_nginxs() -> None:
    (condition,) = parsed('if ($a = "b") { return 403; }')
    assert condition.args == ("($a", "=", "b", ")")


def test_quoted_words_are_never_structure_or_comments() -> None:
    (directive,) = parsed("'a' '{' \"#x\" ';' '}';")
    assert directive.args == ("{", "#x", ";", "}")
    assert directive.block is None


def test_lua_code_is_the_last_argument() -> None:
    text = "set_by_lua_block $x { return '}' } a b;"
    lua, after = parsed(text)
    assert lua.args == ("$x", " return '}' ")
    assert lua.block is None
    assert lua.span.text == "set_by_lua_block $x { return '}' }"
    assert after.name == "a"


def test_known_directives_get_no_special_treatment() -> None:
    # crossplane would refuse these in check_ctx or check_args, or read other files for them.
    names = [
        d.name for d in parsed("ssl_verify_client maybe on; include /nowhere; server { http {} } listen;")
    ]
    assert names == ["ssl_verify_client", "include", "server", "listen"]


def test_a_syntax_problem_leaves_nothing_of_the_text() -> None:
    problem = parse_source(SourceFile("t.conf", "a 1;\nb }"))
    assert isinstance(problem, Problem)
    assert problem.kind is ProblemKind.SYNTAX


def test_crossplane_is_not_patched() -> None:
    before = dict(vars(crossplane.parser))
    parsed("if ($a) { return 403; }")
    assert dict(vars(crossplane.parser)) == before


def test_the_deepest_nesting_is_read_below_a_tall_stack() -> None:
    directives = parsed("a {" * MAX_NESTING + "}" * MAX_NESTING)
    assert sum(1 for _ in directives[0].walk()) == MAX_NESTING


def test_a_full_stack_gives_a_problem_and_no_exception() -> None:
    source = SourceFile("t.conf", "a {" * MAX_NESTING + "}" * MAX_NESTING)

    def deep(levels: int) -> object:
        return deep(levels - 1) if levels else parse_source(source)

    frame = sys._getframe()
    height = 0
    while frame.f_back is not None:
        frame = frame.f_back
        height += 1
    found = deep(sys.getrecursionlimit() - height - MAX_NESTING)
    assert isinstance(found, Problem)
    assert found.kind is ProblemKind.UNREADABLE


BLOCKS = st.recursive(
    st.just("a 'b' c;"), lambda inner: st.lists(inner, max_size=4).map(lambda x: "b x {" + "\n".join(x) + "}")
)


@given(st.lists(BLOCKS, max_size=5).map(" ".join))
def test_every_directive_ends_at_its_own_terminator(text: str) -> None:
    for directive in (d for top in parsed(text) for d in top.walk()):
        assert directive.span.text == ("a 'b' c;" if directive.block is None else "b x {")
        assert all(child.parent is directive for child in directive.children)
