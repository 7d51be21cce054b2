"""The lexer against real nginx.

nginx names the decoded word in its open() error for ``include WORD;`` and the decoded name in ``unknown
directive "NAME"``; for everything else the message and the line must agree.
"""

import random
import re
import subprocess
from pathlib import Path

import pytest

from mtls_lint.syntax import lexer
from mtls_lint.syntax.source import SourceFile, Token
from mtls_lint.syntax.tree import Problem
from mtls_lint.testing.nginx import NginxBinary

PIECES = [
    "a",
    "b",
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
    "\\r",
    "\\x",
    "\x0b",
    "\x0c",
    "\xa0",
    "é",
    "\udcff",
    "$$",
    "a}b",
    '"x"',
    "'y'",
    "2}",
    "{2}",
    "\x00",
    "# c\n",
    '"x" ',
    "{{",
    "~",
    "^/",
]
SAMPLES = 250
_QUOTED_BY_US = re.compile(r"\(nginx(, at the end of the file)?: (.*)\)$", re.DOTALL)


def run(nginx: NginxBinary, directory: Path, text: str) -> bytes:
    configuration = directory / "c"
    configuration.write_bytes(encoded(text))
    done = subprocess.run(
        [nginx.path, "-t", "-q", "-e", "stderr", "-p", directory, "-c", configuration],
        capture_output=True,
        check=False,
        timeout=20,
    )
    return done.stderr


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def first_statement(text: str) -> list[Token] | Problem | None:
    """The words of the first statement, or what is wrong before it ends; None when there is none."""
    run = lexer._Lexer(SourceFile("c", text), rows=False)
    found = run.run()
    if not run.ends:
        return found if isinstance(found, Problem) else None
    tokens = lexer.located(text)
    end = next(i for i, token in enumerate(tokens) if not token.quoted and token in {";", "{", "}"})
    return tokens[: end + 1]


def expected(text: str, directory: Path) -> tuple[bytes, int | None]:
    """What nginx must say, and in which line; an empty text where anything goes."""
    statement = first_statement(text)
    if statement is None:
        return b'no "events" section', None
    if isinstance(statement, Problem):
        said = _QUOTED_BY_US.search(statement.message)
        assert said is not None
        assert statement.span is not None
        words = said[2].replace("...", "").replace("'\"'", '"""')
        if "unknown directive" in words:
            # `{2}`: where the statement with this name ends, in which line, is not for us to say.
            return (b"" if words.endswith('"2}"') else encoded(words)), None
        line = text.count("\n") + 1 if said[1] else statement.span.line
        unexpected = re.fullmatch(r'unexpected "(.)"', words, re.DOTALL)
        # nginx shows one byte of the character.
        return (b'unexpected "' + encoded(unexpected[1])[:1] if unexpected else encoded(words)), line
    name, *args, end = statement
    if name != "include":
        return encoded(f'unknown directive "{name}"'.split("\0")[0]), None
    if end == "{":
        return b'is not terminated by ";"', None
    if len(args) != 1:
        return b'invalid number of arguments in "include"', None
    path = args[0].split("\0")[0]
    return b'"' + encoded(path if path.startswith("/") else f"{directory}/{path}") + b'"', None


def agree(nginx: NginxBinary, directory: Path, text: str) -> None:
    words, line = expected(text, directory)
    said = run(nginx, directory, text)
    assert words in said, text
    if line is not None:
        assert re.search(rb" in .*:%d$" % line, said, re.MULTILINE), text


@pytest.mark.parametrize("seed", range(2))
def test_words_and_errors_are_nginxs(nginx: NginxBinary, tmp_path: Path, seed: int) -> None:
    generator = random.Random(seed)
    for _ in range(SAMPLES):
        head = generator.choice(
            ["include ", "include ", "include", "include q", "", 'include "', "#\n include "]
        )
        body = "".join(generator.choice(PIECES) for _ in range(generator.randint(1, 9)))
        tail = generator.choice([";", ";", "", " ;", "\n}", "{"])
        agree(nginx, tmp_path, head + body + tail)


@pytest.mark.parametrize(
    "text",
    [
        "}",
        "events {}\n}\n",
        ";",
        "events {};",
        "events {}\n;;",
        "{",
        "events {\n worker_connections 9;\n",
        "events { worker_connections 9\n}",
        "events {}\nhttp",
        "events {} user",
        'events {} user "a',
        "events {} user 'a'b;",
        "events {}\nuser 'a\n''b';",
        "events {} http { server_name }",
        "\ufeffevents {}",
        "events {\n\n",
        "events {} http { server {\n }\n",
        "events {} http { map $uri $x { ~^/[a-z]{2} 1; } }",
        "events {} http { types { a { b; } } }",
        "events {} http { geo $x {\n 1.2.3.4 {\n} } }",
        "events {} http { split_clients $uri $x { * {} } }",
        "events {} user a}",
        "events {} http { charset_map a b {\n a { } } }",
        "events {}\r\nuser\r\n",
    ],
)
def test_structural_errors_are_nginxs(nginx: NginxBinary, tmp_path: Path, text: str) -> None:
    found = lexer.lex(SourceFile("c", text))
    said = run(nginx, tmp_path, text).decode("utf-8", "surrogateescape").replace("\ufeff", "<BOM>")
    assert isinstance(found, Problem)
    quoted = _QUOTED_BY_US.search(found.message)
    assert quoted is not None
    assert quoted[2] in said
    assert found.span is not None
    line = text.count("\n") + 1 if quoted[1] else found.span.line
    assert re.search(rf" in .*:{line}$", said, re.MULTILINE), said


def test_the_buffer_is_as_large_as_nginxs(nginx: NginxBinary, tmp_path: Path) -> None:
    generator = random.Random(7)
    for _ in range(150):
        size = generator.choice([4092, 4093, 4094, 4095, 4096, 4097, 8192])
        unit = generator.choice(["a", "é", "\udcff", "\\a"])
        content = unit * (size // len(encoded(unit)))
        content += "a" * (size - len(encoded(content)))
        word = generator.choice([content, f'"{content}"', f"'{content}'", "#" + content[1:]])
        lead = generator.choice(
            ["", "\n" * generator.randint(0, 4096), "#" + "y" * generator.randint(0, 4000) + "\n"]
        )
        text = lead + generator.choice(["include ", "x ", ""]) + word
        text += generator.choice([";", " ;", "\n;", "{", ")", "x", "", "\n", " "])
        text += generator.choice(["", "\n", "zzz;", "z;" * 3000])
        found = lexer.lex(SourceFile("c", text))
        said = run(nginx, tmp_path, text)
        ours = isinstance(found, Problem) and "too long parameter" in found.message
        assert ours == (b"too long parameter" in said)
        if isinstance(found, Problem) and ours:
            assert found.span is not None
            assert ("missing terminating" in found.message) == (b"missing terminating" in said)
            assert re.search(rb"/c:%d$" % found.span.line, said, re.MULTILINE)
