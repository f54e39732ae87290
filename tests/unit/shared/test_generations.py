"""Names of generations, of their groups and of their databases."""

import pytest

from shared.generations.naming import NoName, database_of, generation_in, group_of, named, said


def test_no_group_of_one_service_is_another_ones() -> None:
    assert group_of("journey", "") == "journey"
    assert group_of("journey", "marks") == "journey.marks"
    assert group_of("journey-marks", "2") == "journey-marks.2"


def test_generation_is_read_from_its_database() -> None:
    assert database_of("onevoice", "journey", "") == "onevoice"
    name = database_of("onevoice", "journey", "2-a")
    assert generation_in(name, "onevoice", "journey") == "2-a"
    assert generation_in(name, "onevoice", "consistency") is None
    assert generation_in("onevoice", "onevoice", "journey") is None
    assert generation_in("onevoice_journey", "onevoice", "journey") is None


@pytest.mark.parametrize("text", ["", "Two", "-2", "a_b", "a.b", "x" * 21, "2 "])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(NoName):
        named(text)


def test_the_first_generation_has_no_name() -> None:
    assert named("default") == ""
    assert said("") == "default"
    assert said(named("2")) == "2"
