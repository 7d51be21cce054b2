"""Marks stand under what they mark, whatever the line is made of."""

import pytest

from mtls_lint.report.characters import visible, width, wrap
from mtls_lint.report.excerpt import Mark, excerpt, number_width
from mtls_lint.report.lines import plain
from mtls_lint.syntax.source import SourceFile, Span


def shown(
    text: str | bytes, *marked: str, labels: tuple[str, ...] = (), room: int = 80, dots: str = "…"
) -> str:
    """The excerpt of ``text`` with each of ``marked`` marked, the first as the primary place."""
    data = text.encode() if isinstance(text, str) else text
    source = SourceFile.from_bytes("nginx.conf", data)
    marks = []
    for number, words in enumerate(marked):
        start = source.text.index(words)
        label = labels[number] if number < len(labels) else ""
        marks.append(Mark(Span(source, start, start + len(words)), "-" if number else "^", "", label))
    return plain(excerpt(marks, number_width(marks), room, dots))


def test_tabs_go_to_the_next_stop() -> None:
    assert shown("\tlisten\t80;", "80;") == "  |\n1 |     listen  80;\n  |             ^^^\n"


def test_wide_and_combining_characters() -> None:
    assert shown("名 e\u0301x 80;", "80;") == "  |\n1 | 名 e\u0301x 80;\n  |       ^^^\n"
    assert shown("x 名前;", "名前") == "  |\n1 | x 名前;\n  |   ^^^^\n"


def test_what_does_not_print_is_shown_by_its_number_and_marked_whole() -> None:
    assert (
        shown(b"a \x1b\xff\xc2\xa0 b", "\x1b\udcff\xa0")
        == "  |\n1 | a \\x1b\\xff\\xa0 b\n  |   ^^^^^^^^^^^^\n"
    )
    assert shown("a \u202e b", "b") == "  |\n1 | a \\u202e b\n  |          ^\n"


def test_lines_between_two_marks() -> None:
    text = "".join(f"line{number};\n" for number in range(1, 12))
    assert shown(text, "line2", "line4") == (
        "  |\n2 | line2;\n  | ^^^^^\n3 | line3;\n4 | line4;\n  | -----\n"
    )
    far = shown(text, "line11", "line2", labels=("here", "there"))
    assert far == "   |\n 2 | line2;\n   | ----- there\n…\n11 | line11;\n   | ^^^^^^ here\n"


def test_two_marks_in_one_line() -> None:
    assert shown("listen 80; listen 81;", "listen 81;", "listen 80;", labels=("", "this one too")) == (
        "  |\n1 | listen 80; listen 81;\n  | ---------- this one too\n  |            ^^^^^^^^^^\n"
    )


def test_a_label_without_room_goes_below() -> None:
    text = shown(
        "    ssl_verify_client optional;", "ssl_verify_client optional;", labels=("word " * 20,), room=60
    )
    lines = text.splitlines()
    assert lines[2] == "  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    assert lines[3].startswith("  | word")
    assert max(map(len, lines)) <= 60


@pytest.mark.parametrize("before", [0, 1, 30, 79, 80, 100, 10_000, 1_000_000])
@pytest.mark.parametrize("after", [0, 1, 75, 100, 1_000_000])
@pytest.mark.parametrize("dots", ["…", "..."])
def test_a_long_line_is_cut_around_the_mark(before: int, after: int, dots: str) -> None:
    lines = shown("x" * before + " listen 80; " + "y" * after, "listen 80;", dots=dots).splitlines()
    assert len(lines) == 3
    assert max(map(width, lines)) <= 80
    at = lines[1].index("listen 80;")
    assert lines[2][at:] == "^" * len("listen 80;")
    assert lines[1][4:].startswith(dots) is (not lines[1][4:].startswith(("x", " ")))
    assert lines[1].endswith((dots, "y", ";"))


def test_marks_far_apart_in_one_long_line_have_a_view_each() -> None:
    text = "listen 80; " + "x" * 500 + " listen 81;"
    lines = shown(text, "listen 81;", "listen 80;").splitlines()
    assert [line.startswith("1 |") for line in lines] == [False, True, False, True, False]
    assert "listen 80;" in lines[1]
    assert "listen 81;" in lines[3]


def test_a_mark_that_is_longer_than_the_view() -> None:
    lines = shown("set $x " + "y" * 500 + ";", "y" * 500).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[2].endswith("^" * 40)


@pytest.mark.parametrize("offset", [0, 9, 10, 11])
def test_an_empty_span_is_one_sign(offset: int) -> None:
    source = SourceFile("nginx.conf", "listen 80\n\n")
    lines = plain(excerpt([Mark(Span(source, offset, offset), "^", "")], 1, 80)).splitlines()
    assert lines[-1].count("^") == 1


def test_a_span_of_many_lines_shows_its_beginning_and_its_end() -> None:
    text = "log_format x 'a'\n" + "".join(f"    'b{number}'\n" for number in range(10)) + "    'c';\n"
    assert shown(text, text.rstrip("\n")) == (
        "   |\n"
        " 1 | log_format x 'a'\n"
        "   | ^^^^^^^^^^^^^^^^\n"
        " 2 |     'b0'\n"
        "   |     ^^^^\n"
        "…\n"
        "12 |     'c';\n"
        "   |     ^^^^\n"
    )


def test_windows_line_ends() -> None:
    assert shown("listen 80;\r\nx;\r\n", "listen 80;") == "  |\n1 | listen 80;\n  | ^^^^^^^^^^\n"


def test_what_is_visible() -> None:
    assert visible("schön 名 ok") == "schön 名 ok"
    assert visible("a\tb\nc\r\x00\x7f\x9b\udc80\u200b\U000e0001\ud800") == (
        "a\\tb\\nc\\r\\x00\\x7f\\x9b\\x80\\u200b\\U000e0001\\ud800"
    )


def test_wrapping_keeps_words_whole() -> None:
    assert list(wrap("one two three", 7)) == ["one two", "three"]
    assert list(wrap("one two three", 7, first=4)) == ["one", "two", "three"]
    assert list(wrap("/a/very/long/path and so", 8)) == ["/a/very/long/path", "and so"]
    assert list(wrap("名前 名前", 8)) == ["名前", "名前"]
    assert list(wrap("", 8)) == [""]
