"""Event types of any configuration, and bodies for them: good, nearly good, and bad."""

from typing import Any

from hypothesis import strategies as st

from app.calendly.models import CustomQuestion, EventType, LocationConfiguration
from app.form.locations import KINDS
from app.form.model import Form, LocationOption, Question
from tests.form.builders import EVENT_TYPE_ID, event_type

Body = dict[str, Any]

TEXTS = st.sampled_from(["1 Example Street", "Café", "  ", "", "a\nb"]) | st.text(max_size=6)
KIND_NAMES = st.sampled_from([*KINDS, *KINDS, "pigeon", "other", "physical-1", ""])
TYPE_NAMES = st.sampled_from(["string", "text", "phone_number", "single_select", "multi_select", "smell"])


def event_types() -> st.SearchStrategy[EventType]:
    locations = st.builds(
        LocationConfiguration,
        kind=KIND_NAMES,
        location=st.none() | TEXTS,
        additional_info=st.none() | TEXTS,
        phone_number=st.none() | TEXTS,
    )
    questions = st.builds(
        CustomQuestion,
        name=TEXTS,
        type=TYPE_NAMES,
        position=st.integers(0, 3),
        enabled=st.booleans(),
        required=st.booleans(),
        answer_choices=st.none() | st.lists(TEXTS, max_size=4),
        include_other=st.booleans(),
    )
    return st.builds(
        lambda places, asked, pool: event_type(*places, questions=tuple(asked), pooling_type=pool),
        st.lists(locations, max_size=4),
        st.lists(questions, max_size=4),
        st.sampled_from([None, None, "round_robin", "collective", "multi_pool", "new_pool"]),
    )


PHONES = st.sampled_from(["+493023125012", "030 23125012", "+49", "1-800-FLOWERS", "+493023125012\n", ""])
LINES = st.sampled_from(
    ["Grace", " G ", "", "\u2003", "\ufeff", "a\nb", "a\n", "a\x85", "a" * 255, "a" * 256]
)
WORDS = st.sampled_from(
    [
        "x",
        "a\nb",
        "a\x00",
        "a" * 255,
        "a" * 256,
        "a" * 10_000,
        "a" * 10_001,
        "+493023125012",
        "030 23125012",
    ]
)
STARTS = st.sampled_from(["2026-02-30T09:00:00Z", "2026-12-01T09:00:00", "2026-12-01T09:00:00Z\n"])
ODD: st.SearchStrategy[Any] = st.sampled_from([None, 5, True, [], {}, ["x"], "", " ", "x"])
EMAILS = st.sampled_from(
    [
        "grace@example.test",
        "ada@example.test",
        "Ada@example.test",
        "GRACE@example.test",
        "a..b@example.test",
        "x",
    ]
)


@st.composite
def good_bodies(draw: st.DrawFn, form: Form) -> Body:
    """Bodies that keep every rule, as far as the form can be kept."""
    body: Body = {
        "eventTypeId": EVENT_TYPE_ID,
        "start": draw(st.sampled_from(["2026-12-01T09:00:00+01:00", "2028-02-29T23:59:59.5Z"])),
        "timeZone": draw(st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "UTC"])),
        "invitee": draw(st.sampled_from([{"name": "Grace"}, {"firstName": "G", "lastName": "E"}]))
        | {"email": "grace@example.test"},
        "answers": draw(_answers(form)),
        "guests": draw(st.sampled_from([None, [], ["ada@example.test"]])),
        "tracking": draw(st.sampled_from([None, {}, {"utmSource": "x", "utmTerm": None}])),
        "formVersion": draw(st.sampled_from([None, form.version])),
    }
    options = [option for option in form.locations.options if option.bookable]
    if options:
        body["location"] = draw(st.sampled_from(options).flatmap(_chosen))
    return body


def _chosen(option: LocationOption) -> st.SearchStrategy[Body]:
    values = {"phone": "+493023125012", "place": "In the park"}
    value = values[option.input.type] if option.input else None
    return st.just({"optionId": option.id} | ({"value": value} if value else {}))


@st.composite
def _answers(draw: st.DrawFn, form: Form) -> list[Body]:
    asked = [question for question in form.questions if question.required or draw(st.booleans())]
    return [{"questionId": each.id, "value": draw(_value(each))} for each in draw(st.permutations(asked))]


def _value(question: Question) -> st.SearchStrategy[Any]:
    choices = list(question.choices or ())
    match question.type:
        case "single_select":
            return st.sampled_from(choices)
        case "multi_select":
            return st.lists(st.sampled_from(choices), min_size=1, unique=True)
        case "phone":
            return st.just("+493023125012")
        case _:
            return st.just("Something")


@st.composite
def bodies(draw: st.DrawFn, form: Form) -> Body:
    """Good bodies with up to three places spoilt or changed, at any depth."""
    body = draw(good_bodies(form))
    for _ in range(draw(st.integers(0, 3))):
        _change(draw, form, body)
    return body


def _change(draw: st.DrawFn, form: Form, body: Body) -> None:
    """One of: another value, a part left out, a field nobody knows."""
    path, values = draw(st.sampled_from(_spots(form)))
    target: Any = body
    for part in path[:-1]:
        target = target.setdefault(part, {}) if isinstance(target, dict) else None
    if not isinstance(target, dict):
        return
    if draw(st.integers(0, 5)) == 0:
        target.pop(path[-1], None)
    else:
        target[path[-1]] = draw(values | ODD)


def _spots(form: Form) -> list[tuple[tuple[str, ...], st.SearchStrategy[Any]]]:
    """Where a body may be spoilt, and what may stand there; `ODD` may stand anywhere."""
    return [
        (("start",), STARTS),
        (("timeZone",), st.sampled_from(["Europe/Atlantis", "A" * 65, "UTC"])),
        (("region",), st.sampled_from(["DE", "ZZ", "de", "DE\n", "D"])),
        (("formVersion",), st.just("000000000000")),
        (("invitee", "name"), LINES),
        (("invitee", "firstName"), LINES),
        (("invitee", "lastName"), LINES),
        (("invitee", "email"), EMAILS),
        (("invitee", "phone"), PHONES),
        (("invitee", "other"), ODD),
        (("location",), _any_location(form)),
        (("answers",), st.lists(_any_answer(form), max_size=4)),
        (("guests",), st.lists(EMAILS, max_size=11)),
        (("tracking", "utmSource"), LINES),
        (("tracking", "other"), ODD),
        (("other",), ODD),
    ]


def _any_location(form: Form) -> st.SearchStrategy[Body]:
    options = [option.id for option in form.locations.options] or ["zoom_conference"]
    return st.fixed_dictionaries(
        {"optionId": st.sampled_from([*options, "nowhere"])},
        optional={"value": LINES | PHONES | ODD, "kind": ODD},
    )


def _any_answer(form: Form) -> st.SearchStrategy[Body]:
    """To any question, or to one that was not asked; of another's kind as well."""
    ids = [question.id for question in form.questions] or ["q_0000000000"]
    choices = [choice for question in form.questions for choice in question.choices or ()] or ["x"]
    several = st.lists(st.sampled_from([*choices, "Other", "Another", " ", "a\n", "a" * 256]), max_size=4)
    return st.fixed_dictionaries(
        {"questionId": st.sampled_from([*ids, *ids, "q_0000000000"])},
        optional={"value": WORDS | several | st.sampled_from(choices) | LINES | ODD, "other": ODD},
    )
