import phonenumbers
import pytest

from app.form.phones import e164

READ = [
    pytest.param("+493023125012", None, "+493023125012", id="international"),
    pytest.param("+49 (0)30 / 23125-012", None, "+493023125012", id="with a bracketed zero"),
    pytest.param("030 23125012", "DE", "+493023125012", id="national, in Germany"),
    pytest.param("0049 30 23125012", "DE", "+493023125012", id="international prefix"),
    pytest.param("(202) 555-0123", "US", "+12025550123", id="national, in the United States"),
    pytest.param("+1 202.555.0123", "DE", "+12025550123", id="the country code wins over the region"),
    pytest.param("06 0000 0000", "IT", "+390600000000", id="Italy keeps its zero"),
    pytest.param("+49\u00a030\u201123125012", None, "+493023125012", id="typographer's blank and hyphen"),
]


@pytest.mark.parametrize(("written", "region", "expected"), READ)
def test_a_number_is_read_as_people_write_it(written: str, region: str | None, expected: str) -> None:
    assert e164(written, region) == expected


REFUSED = [
    pytest.param("030 23125012", None, id="national without region"),
    pytest.param("030 23125012", "US", id="national in another region"),
    pytest.param("+49", None, id="country code alone"),
    pytest.param("+49 1", None, id="too short"),
    pytest.param("+49 30 231250122312501223125012", None, id="too long"),
    pytest.param("+999 123456789", None, id="no such country"),
    pytest.param("+1 000 000 0000", None, id="cannot exist"),
    pytest.param("+1 202 555 0123 ext. 5", None, id="extension"),
    pytest.param("+1 202 555 0123x5", None, id="extension by x"),
    pytest.param("+12025550123;ext=5", None, id="extension as URI"),
    pytest.param("+12025550123,,5", None, id="extension after a pause"),
    pytest.param("+12025550123#5", None, id="extension after a hash"),
    pytest.param("1-800-FLOWERS", "US", id="letters"),
    pytest.param("call +493023125012", None, id="a sentence"),
    pytest.param("+493023125012\n", None, id="line end"),
    pytest.param("110", "DE", id="emergency"),
    pytest.param("+", None, id="plus alone"),
    pytest.param("++++", None, id="pluses alone"),
    pytest.param("", None, id="empty"),
    pytest.param("+49 30 23125012" + " " * 40, None, id="many blanks"),
    pytest.param("+٤٩٣٠٢٣١٢٥٠١٢", None, id="digits of another script"),
]


@pytest.mark.parametrize(("written", "region"), REFUSED)
def test_what_cannot_be_dialled_is_no_number(written: str, region: str | None) -> None:
    assert e164(written, region) is None


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_regions_own_example_is_taken(region: str) -> None:
    example = phonenumbers.example_number(region)
    assert example
    written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    expected = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)

    number = e164(written, region)

    assert number == expected
