import pytest
from pydantic import TypeAdapter, ValidationError

from app.time_zones import LONGEST_NAME, TimeZoneName, time_zones, zone

REFUSED = [
    pytest.param("", id="nothing"),
    pytest.param("europe/berlin", id="wrong case"),
    pytest.param("EUROPE/BERLIN", id="capitals"),
    pytest.param("Europe/Berlin ", id="outer blank"),
    pytest.param("Europe/Atlantis", id="no such city"),
    pytest.param("Europe", id="a folder"),
    pytest.param("posix/Europe/Berlin", id="posix copy"),
    pytest.param("right/Europe/Berlin", id="leap second copy"),
    pytest.param("localtime", id="the machine's own"),
    pytest.param("Factory", id="nobody has set it"),
    pytest.param("../../etc/passwd", id="path upwards"),
    pytest.param("/etc/localtime", id="absolute path"),
    pytest.param("Europe/Berlin\0", id="null character"),
    pytest.param("+02:00", id="offset"),
    pytest.param("Europe/Berlin\ud800", id="half a surrogate pair"),
    pytest.param("A" * 100_000, id="very long"),
]


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_is_not_listed_is_no_zone(name: str) -> None:
    with pytest.raises(ValueError, match="unknown time zone"):
        zone(name)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_name_is_not_repeated(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(TimeZoneName).validate_python(name)

    messages = [error["msg"] for error in caught.value.errors()]
    assert len(messages) == 1
    assert not name or name not in messages[0]


def test_the_type_of_the_error_is_fixed() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(TimeZoneName).validate_python("Europe/Atlantis")

    assert [error["type"] for error in caught.value.errors()] == ["time_zone_unknown"]


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "Asia/Kolkata", "UTC", "Etc/GMT+5", "America/Argentina/Ushuaia"]
)
def test_a_listed_name_is_taken(name: str) -> None:
    assert TypeAdapter(TimeZoneName).validate_python(name) == name


def test_every_listed_name_opens() -> None:
    keys = {zone(name).key for name in time_zones()}

    assert keys == time_zones()


def test_the_list_knows_what_came_late_and_what_stays_for_old_times_sake() -> None:
    assert {"Europe/Kyiv", "Europe/Kiev", "America/Ciudad_Juarez", "US/Eastern", "Etc/GMT-14"} <= time_zones()


def test_every_name_fits_its_limit() -> None:
    assert max(map(len, time_zones())) <= LONGEST_NAME
