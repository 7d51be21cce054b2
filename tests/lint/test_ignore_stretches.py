"""What ignores cover is found by its place, with the answer of a look at each."""

from hypothesis import given
from hypothesis import strategies as st

from mtls_lint.lint.ignore import Ignore, Selector
from mtls_lint.lint.ignores import _Stretches
from mtls_lint.syntax.source import SourceFile, Span

SOURCE = SourceFile("nginx.conf", "x" * 60)
WORD = Selector("x", Span(SOURCE, 0, 1))
ENDS = st.tuples(st.integers(0, 50), st.integers(0, 12))


@given(st.lists(ENDS, max_size=12), ENDS)
def test_those_over_a_place_are_found(covered: list[tuple[int, int]], place: tuple[int, int]) -> None:
    stretches = [
        (
            first,
            first + length,
            number,
            Ignore(Span(SOURCE, number, number)),
            Selector("x", Span(SOURCE, 0, 1)),
        )
        for number, (first, length) in enumerate(covered)
    ]
    start, end = place[0], max(place[0] + place[1], place[0] + 1)
    expected = [number for first, last, number, *_ in stretches if start < last and end > first]
    found = _Stretches(stretches).over(Span(SOURCE, start, place[0] + place[1]))
    assert [ignore.span.start for ignore, _ in found] == expected
