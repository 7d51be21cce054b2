"""Answers that are kept with what they are about."""

from mtls_lint.nginx.memory import kept


class Owner:
    def __init__(self) -> None:
        self.asked: list[object] = []

    @kept
    def doubled(self, number: int, *, sign: int = 1) -> int:
        self.asked.append((number, sign))
        return number * 2 * sign

    @kept
    def halved(self, number: int) -> int:
        self.asked.append(number)
        return number // 2

    @kept
    def nothing(self) -> None:
        self.asked.append("nothing")


def test_each_question_is_answered_once() -> None:
    owner = Owner()
    assert [owner.doubled(2), owner.doubled(2), owner.doubled(3)] == [4, 4, 6]
    assert owner.asked == [(2, 1), (3, 1)]


def test_what_is_named_is_part_of_the_question() -> None:
    owner = Owner()
    assert [owner.doubled(2, sign=-1), owner.doubled(2), owner.doubled(2, sign=-1)] == [-4, 4, -4]
    assert owner.asked == [(2, -1), (2, 1)]


def test_one_other_argument_may_be_named() -> None:
    owner = Owner()
    assert [owner.halved(4), owner.halved(number=4), owner.halved(number=6), owner.halved(6)] == [2, 2, 3, 3]
    assert owner.asked == [4, 6]


def test_none_is_an_answer() -> None:
    owner = Owner()
    owner.nothing()
    owner.nothing()
    assert owner.asked == ["nothing"]


def test_answers_are_of_one_owner() -> None:
    assert [Owner().doubled(1), Owner().doubled(2)] == [2, 4]
