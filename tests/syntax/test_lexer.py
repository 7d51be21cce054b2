"""The lexer's words, places and structural errors, without a real nginx (see test_lexer_nginx.py)."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mtls_lint.syntax import lexer
from mtls_lint.syntax.lexer import BUFFER, MAX_NESTING, Words, decode, lex, located
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Problem, ProblemKind

PIECES = [
    "a",
    "b c",
    '"',
    "'",
    "\\",
    " ",
    "\t",
    "\r",
    "\n",
    ";",
    "{",
    "}",
    "$",
    "${",
    "#",
    ")",
    "(",
    '\\"',
    "\\'",
    "\\\\",
    "\\n",
    "\\t",
    "\x0b",
    "\xa0",
    "é",
    "\udcff",
    "\x00",
    "server {\n",
    "listen 80;\n",
    '"x y" ',
    "# c\n",
    "x_by_lua_block {",
    "[[",
    "]]",
    "--",
    "map $a $b {",
]
CONFIG_LIKE = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def lexed(text: str) -> Words:
    words = lex(SourceFile("t", text))
    assert isinstance(words, Words), words.message
    return words


def problem(text: str, *, rows: bool = False) -> Problem:
    found = lex(SourceFile("t", text), rows=rows)
    assert isinstance(found, Problem)
    assert found.hint
    return found


def values(text: str) -> list[str]:
    return [str(token) for token in lexed(text).tokens]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Trap 1: a variable in braces ends at its brace, and the blank behind it separates.
        ("add_header X ${a} b;", ["add_header", "X", "${a}", "b", ";"]),
        ("add_header X a${b}c;", ["add_header", "X", "a${b}c", ";"]),
        ("a ${{{b};", ["a", "${{{b}", ";"]),
        ("a $b{}", ["a", "$b", "{", "}"]),
        ("a \\${}", ["a", "\\$", "{", "}"]),
        # Trap 2: escapes are decoded in quotes and outside; unknown ones keep their backslash.
        (r"""a 'q\"x.conf';""", ["a", 'q"x.conf', ";"]),
        (r"a a\\b.conf;", ["a", r"a\b.conf", ";"]),
        (r'a "a\tb\nc\rd";', ["a", "a\tb\nc\rd", ";"]),
        (r"a a\ b\;c\{d;", ["a", r"a\ b\;c\{d", ";"]),
        (r"a \d+\.\w;", ["a", r"\d+\.\w", ";"]),
        ("a \\\nb;", ["a", "\\\nb", ";"]),
        # Trap 4: the words of if stay as they are; a ) behind a quote begins a word.
        ('if ($a = "b") { }', ["if", "($a", "=", "b", ")", "{", "}"]),
        ("if ($a) {}", ["if", "($a)", "{", "}"]),
        ("if ( $a ) {}", ["if", "(", "$a", ")", "{", "}"]),
        ('if ("$a"){}', ["if", '("$a")', "{", "}"]),
        # Trap 5: blanks are space, tab, CR and LF; everything else is part of a word.
        ("a\tb\rc\nd e;", ["a", "b", "c", "d", "e", ";"]),
        ("a b\x0bc\x0cd\xa0e\u2028f\x85g\x00h;", ["a", "b\x0bc\x0cd\xa0e\u2028f\x85g\x00h", ";"]),
        # Trap 8: CR and invalid UTF-8 are data.
        ("a 'b\r\nc';", ["a", "b\r\nc", ";"]),
        ("a b\udcffc;", ["a", "b\udcffc", ";"]),
        # Trap 12: } and quotes and # inside a bare word are ordinary.
        ("return 200 a}b;", ["return", "200", "a}b", ";"]),
        ("a b'c\"d#e;", ["a", "b'c\"d#e", ";"]),
        (r"location ~ ^/a\{2}b {}", ["location", "~", r"^/a\{2}b", "{", "}"]),
        # Quoted structure is no structure.
        ("a '{' '}' ';' '#';", ["a", "{", "}", ";", "#", ";"]),
        ("a '';", ["a", "", ";"]),
        ('"a"{}', ["a", "{", "}"]),
        ('"a";', ["a", ";"]),
        ("a{b c;}d e;", ["a", "{", "b", "c", ";", "}", "d", "e", ";"]),
        ("", []),
        ("\n # only a comment", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert values(text) == expected


def test_tokens_know_their_places_and_quotes() -> None:
    text = "listen  'a\\'b' \"c\";\nx {\n}"
    words = lexed(text)
    tokens = located(text)
    assert tokens == words.tokens
    assert [text[t.start : t.end] for t in tokens] == [
        "listen",
        "'a\\'b'",
        '"c"',
        ";",
        "x",
        "{",
        "}",
    ]
    assert [t.quoted for t in tokens] == [False, True, True, False, False, False, False]
    assert [text[:end][-1] for end in words.ends] == [";", "{"]
    assert words.depth == 1


def test_comments_are_kept_with_their_places() -> None:
    text = "# one\r\na b; # two\n  #three\nc # inside\n d; e#f g;"
    source = SourceFile("t", text)
    lex(source)
    assert [(c.text, c.own_line, text[c.start : c.end]) for c in source.comments] == [
        (" one", True, "# one"),
        (" two", False, "# two"),
        ("three", True, "#three"),
        (" inside", False, "# inside"),
    ]


def test_a_comment_on_the_last_line_without_line_end_is_kept() -> None:
    source = SourceFile("t", "a b; # last")
    lex(source)
    assert [comment.text for comment in source.comments] == [" last"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ngx.say('}') ",
        ' ngx.say("\\"}") ',
        " [[ } ]] ",
        " [==[ ]] } ]==] ",
        " -- }\n ",
        " --[[ } \n ]] ",
        " if x then t = {1, {2}} end ",
        ' x = "it\'s }" ',
        " s = 'a' .. \"}\" -- don't\n",
    ],
)
@pytest.mark.parametrize(
    "head", ["content_by_lua_block {", "content_by_lua_block{", "'rewrite_by_lua_block'\n{"]
)
def test_lua_is_one_word(head: str, body: str) -> None:
    text = f"{head}{body}}} next 1;"
    words = lexed(text)
    name, code, end, *rest = located(text)
    assert words.tokens == [name, code, end, *rest]
    assert name.endswith("_by_lua_block")
    assert (str(code), code.quoted, str(end), end.quoted) == (body, True, ";", False)
    assert text[code.start : code.end] == body
    assert text[words.ends[0] - 1] == "}"
    assert [str(token) for token in rest] == ["next", "1", ";"]


def test_lua_with_arguments() -> None:
    assert values("set_by_lua_block $x{ return {} }") == ["set_by_lua_block", "$x", " return {} ", ";"]


@pytest.mark.parametrize(
    ("text", "nginx", "place", "hint"),
    [
        ("a 1;\n}\n", 'unexpected "}"', (2, 1), "Remove"),
        (";", 'unexpected ";"', (1, 1), "Remove"),
        ("a {};", 'unexpected ";"', (1, 5), 'a block ends with its "}"'),
        ("a 1;;", 'unexpected ";"', (1, 5), "Remove"),
        ("{ }", 'unexpected "{"', (1, 1), "Name the block"),
        ("http {\n a 1;\n b 2\n}\n", 'unexpected "}"', (4, 1), "behind 2 in line 3"),
        (
            "listen 80\nserver_name x",
            'unexpected end of file, expecting ";" or "}"',
            (2, 14),
            "behind 80 in line 1",
        ),
        ("listen", 'unexpected end of file, expecting ";" or "}"', (1, 7), "behind listen"),
        ("a {\n b {\n}\n", 'unexpected end of file, expecting "}"', (4, 1), '"b" that opens in line 2'),
        ("a {\n", 'unexpected end of file, expecting "}"', (2, 1), '"a" that opens in line 1'),
        ("a 'b'c;", 'unexpected "c"', (1, 6), "blank"),
        ("a 'b''c';", 'unexpected "\'"', (1, 6), "blank"),
        ('a "b\n c "d";', 'unexpected "d"', (2, 5), "opens in line 1"),
        ("a {b 'c'}", 'unexpected "}"', (1, 9), "\";\" behind 'c'"),
        ("map $a $b {\n ~^/[a-z]{2} 1;\n}", 'unexpected "{"', (2, 10), "Quote"),
        ("location ~ ^/[a-z]{2}/x {\n}\n", 'unknown directive "2}..."', (1, 19), '"^/[a-z]{2}/x"'),
        ("\ufeffevents {}", 'unknown directive "<BOM>events"', (1, 1), "without BOM"),
        ("content_by_lua_block { x = '}", "unexpected end of file", (1, 1), "Close the block"),
    ],
)
def test_structural_errors(text: str, nginx: str, place: tuple[int, int], hint: str) -> None:
    found = problem(text)
    assert found.kind is ProblemKind.SYNTAX
    assert nginx in found.message
    assert found.span is not None
    assert (found.span.line, found.span.column) == place
    assert hint in found.hint


def test_an_open_quote_is_shown_where_it_opens() -> None:
    found = problem('a 1;\nb "c;\nd 2;\n')
    assert found.span is not None
    assert (found.span.line, found.span.column) == (2, 3)
    assert 'unexpected end of file, expecting ";" or "}"' in found.message


def test_rows_know_neither_blocks_nor_directives() -> None:
    assert isinstance(lex(SourceFile("t", "\ufeffx 1;"), rows=True), Words)
    assert 'unexpected "{"' in problem("x {}", rows=True).message


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("a " + "b" * (BUFFER - 1) + ";", True),
        ("a " + "b" * BUFFER + ";", False),
        ("a " + "b" * (BUFFER - 2) + " ;", True),
        ("a " + "b" * (BUFFER - 1) + " ;", False),
        ("a '" + "b" * (BUFFER - 2) + "';", True),
        ("a '" + "b" * (BUFFER - 1) + "';", False),
        ("a '" + "b" * (BUFFER - 3) + "' ;", True),
        ("a '" + "b" * (BUFFER - 2) + "' ;", False),
        ("a " + "é" * (BUFFER // 2 - 1) + ";", True),
        ("a " + "é" * (BUFFER // 2) + ";", False),
        ("a " + "\\a" * (BUFFER // 2) + ";", False),
        ("#" + "b" * (BUFFER - 2) + "\na;", True),
        ("#" + "b" * (BUFFER - 1) + "\na;", False),
        ("#" + "b" * (BUFFER - 1), True),
    ],
)
def test_a_word_must_fit_into_nginxs_buffer(text: str, ok: bool) -> None:
    found = lex(SourceFile("t", text))
    assert isinstance(found, Words) is ok
    if isinstance(found, Problem):
        assert "too long parameter" in found.message


def test_too_long_quotes_and_words_are_told_apart() -> None:
    assert 'missing terminating "\'" character' in problem("a '" + "b;\n" * BUFFER).message
    assert 'too long parameter "bbbbbbbbbb..." started' in problem("a " + "b" * 5000 + ";").message
    assert "comment" in problem("#" + "b" * 5000 + "\n").message


def test_deep_nesting_is_refused_here_and_not_by_the_stack() -> None:
    lexed("a {" * MAX_NESTING + "}" * MAX_NESTING)
    found = problem("a {\n" * 2000 + "}" * 2000)
    assert found.kind is ProblemKind.UNREADABLE
    assert found.span is not None
    assert found.span.line == MAX_NESTING + 1


@pytest.mark.parametrize(
    "text",
    [
        " " * 1_000_000,
        '"' + '\\"' * 500_000,
        "$" * 1_000_000,
        "\\" * 1_000_000,
        "{" * 1_000_000,
        "a{" * 500_000,
        "#" * 1_000_000,
        "x_by_lua_block {" + '"\\"' * 300_000,
        "x_by_lua_block {" + "[[" * 500_000,
        "x_by_lua_block {" + "--[[" * 250_000,
        "a 'b\n" * 200_000,
        "a{}" * 100_000 + "a{",
        "b" * 1_000_000 + ";",
    ],
    ids=lambda text: repr(text[:18]),
)
def test_the_time_is_linear(text: str) -> None:
    begun = time.process_time()
    lex(SourceFile("t", text))
    # Far above what it takes, and far below what anything quadratic would.
    assert time.process_time() - begun < 8


def quoted(value: str, mark: str) -> str:
    return mark + value.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark


@given(st.binary(max_size=300), st.sampled_from("\"'"))
def test_whatever_is_quoted_comes_back(data: bytes, mark: str) -> None:
    value = data.decode("utf-8", "surrogateescape")
    assert values(f"a {quoted(value, mark)};") == ["a", value, ";"]


@given(CONFIG_LIKE | st.text(max_size=200))
@example("x_by_lua_block {}")
@settings(max_examples=400)
def test_any_text_gives_words_with_exact_places_or_a_problem_in_the_text(text: str) -> None:
    source = SourceFile("t", text)
    found = lex(source)
    places = [(comment.start, comment.end) for comment in source.comments]
    if isinstance(found, Problem):
        assert found.span is not None
        assert 0 <= found.span.start <= found.span.end <= len(text)
    else:
        tokens = located(text)
        assert tokens == found.tokens
        for token in tokens:
            raw = text[token.start : token.end]
            # Lua code is taken as it stands, and its ";" is the closing brace.
            if raw not in {str(token), "}"}:
                assert str(token) == decode(raw[1:-1] if token.quoted else raw)
        places += [(token.start, token.end) for token in tokens]
        assert len(found.ends) == sum(not t.quoted and t in {";", "{"} for t in tokens)
        assert found.ends == sorted(found.ends)
        structure = {i for i, t in enumerate(tokens) if not t.quoted and t in {";", "{", "}"}}
        assert found.quoted == {
            i for i, t in enumerate(tokens) if t.quoted and (t in {";", "{", "}"} or t.startswith("#"))
        }
        begin = [0, *(i + 1 for i in sorted(structure))]
        assert found.starts == [tokens[i].start for i in begin if i < len(tokens) and i not in structure]
    places.sort()
    ends = [end for _, end in places]
    assert all(end <= start for end, (start, _) in zip(ends, places[1:], strict=False))
    if isinstance(found, Words):
        # What lies between is blank, but for the brace before each body of Lua.
        bodies = sum(token == ";" and text[token.start] == "}" for token in located(text))
        between = [
            text[a:b] for a, b in zip([0, *ends], [start for start, _ in places] + [len(text)], strict=True)
        ]
        assert "".join("".join(between).split()) == "{" * bodies


@pytest.mark.parametrize("text", ["a " * 200, "a;" * 200, "#\n" * 200, "a {}" * 200])
def test_a_text_of_too_many_words_is_left(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexer, "MAX_WORDS", 150)
    monkeypatch.setattr(lexer, "_AT_ONCE", 10)
    problem = lexer.lex(SourceFile("x", text))
    assert isinstance(problem, Problem)
    assert problem.kind is ProblemKind.UNREADABLE
    assert "more than 150 words" in problem.message
