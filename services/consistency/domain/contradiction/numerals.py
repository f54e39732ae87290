"""Numbers written with number words that multiply and add up: 一百二十万, 三千五, 47个亿."""

from collections.abc import Mapping

from services.consistency.domain.contradiction.phrases import Match

GENERIC = "piece"
NOT_A_NUMBER = "none"
Words = Mapping[int, Match]


def composed(at: int, words: Words, multipliers: Words, units: Words) -> tuple[int, float] | None:
    """Last token and value of the run of number words at `at`; None where a single one is but part of a word."""
    stack: list[float] = []
    last, steps, digit, least = at - 1, 0, 0.0, 0.0
    while True:
        word, times = words.get(last + 1), multipliers.get(last + 1)
        if word is not None and word.tag.value == NOT_A_NUMBER:
            break
        if times is not None and (word is None or (float(times.tag.value) >= 10 and times.last >= word.last)):
            least, digit = float(times.tag.value), 0.0
            stack = multiplied(stack, least)
            last = times.last
        elif word is not None and not digit:
            digit = float(word.tag.value)
            stack.append(digit)
            last = word.last
        else:
            break
        steps += 1
    value = sum(stack)
    if steps > 1 and digit and digit < 10 and least >= 100 and float(int(digit)) == digit and not zero(words, last):
        value += digit * (least / 10 - 1)
    unit = units.get(last + 1)
    if steps == 0 or (steps == 1 and unit is None and not any(u.last == at - 1 for u in units.values())):
        return None
    return None if value == 1 and unit is not None and unit.tag.name == GENERIC else (last, value)


def multiplied(stack: list[float], times: float) -> list[float]:
    """What is smaller than the multiplier counts so many times; what is larger stands beside it."""
    smaller = [value for value in stack if value < times]
    larger = [value for value in stack if value >= times]
    return [*larger, (sum(smaller) or 1.0) * times]


def zero(words: Words, last: int) -> bool:
    before = words.get(last - 1)
    return before is not None and float(before.tag.value) == 0
