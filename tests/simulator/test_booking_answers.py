"""The question rules: required, exact, in place, well-formed."""

import pytest

from tests.support.simulation import Json, Simulation

PATH = "questions_and_answers"
COMPANY, TOPIC, PHONE, TEAM, HEARD, DAYS, TOPICS, FAX = range(8)
REQUIRED = {COMPANY: "Example Ltd", TEAM: "2 to 10", DAYS: "Monday\nFriday"}


async def answers(calendly: Simulation, given: dict[int, str]) -> list[Json]:
    questions = (await calendly.event_type("questionnaire"))["custom_questions"]
    return [
        {"question": questions[index]["name"], "answer": answer, "position": index}
        for index, answer in given.items()
    ]


async def refusal(calendly: Simulation, given: list[Json]) -> list[Json]:
    response = await calendly.send(await calendly.booking("questionnaire", questions_and_answers=given))
    assert response.status_code == 400
    assert response.json()["title"] == "Invalid Argument"
    details: list[Json] = response.json()["details"]
    return details


async def test_answers_come_back_on_the_invitee(calendly: Simulation) -> None:
    given = await answers(calendly, REQUIRED)

    invitee = await calendly.book("questionnaire", questions_and_answers=given)

    assert invitee[PATH] == given


@pytest.mark.parametrize(
    "optional",
    [
        pytest.param({TOPIC: "A line.\nAnother."}, id="text of several lines"),
        pytest.param({PHONE: "+49 (30) 1234-5678"}, id="phone with punctuation"),
        pytest.param({HEARD: "A book"}, id="other instead of a choice"),
        pytest.param({TOPICS: "Prices\nSomething else"}, id="other beside a choice"),
    ],
)
async def test_a_good_optional_answer_is_taken(calendly: Simulation, optional: dict[int, str]) -> None:
    given = await answers(calendly, REQUIRED | optional)

    invitee = await calendly.book("questionnaire", questions_and_answers=given)

    assert invitee[PATH] == given


@pytest.mark.parametrize("missing", [COMPANY, TEAM, DAYS])
async def test_a_required_question_is_answered(calendly: Simulation, missing: int) -> None:
    given = await answers(calendly, {key: text for key, text in REQUIRED.items() if key != missing})

    details = await refusal(calendly, given)

    assert details == [{"message": "Required Questions and Answers cannot be blank.", "parameter": PATH}]


async def test_required_questions_need_answers_even_without_a_list(calendly: Simulation) -> None:
    response = await calendly.send(await calendly.booking("questionnaire"))

    assert response.json()["details"][0]["message"] == "Required Questions and Answers cannot be blank."


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        pytest.param(
            {PHONE: "soon"}, "answer", "Phone Number is not a valid phone number", id="optional phone"
        ),
        pytest.param(
            {FAX: "none"}, "question", "does not match a question of this event type", id="disabled"
        ),
        pytest.param({TEAM: "A few"}, "answer", "is not included in the list", id="not a choice"),
        pytest.param(
            {DAYS: "Monday\nSunday"}, "answer", "is not included in the list", id="one not a choice"
        ),
        pytest.param({DAYS: "Monday, Friday"}, "answer", "is not included in the list", id="wrong separator"),
    ],
)
async def test_a_bad_answer_is_named(
    calendly: Simulation, given: dict[int, str], field: str, message: str
) -> None:
    listed = await answers(calendly, given | {key: REQUIRED[key] for key in REQUIRED if key not in given})

    details = await refusal(calendly, listed)

    assert details == [{"message": message, "parameter": f"{PATH}[0].{field}"}]


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("what would you like to talk about?", id="other case"),
        pytest.param("What would you like to talk about? ", id="trailing space"),
    ],
)
async def test_a_question_is_repeated_exactly(calendly: Simulation, question: str) -> None:
    given = await answers(calendly, {TOPIC: "Prices"} | REQUIRED)
    given[0]["question"] = question

    details = await refusal(calendly, given)

    assert details[0]["parameter"] == f"{PATH}[0].question"


async def test_an_unknown_question_is_ignored_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(unknownQuestionsRefused=False)
    given = await answers(calendly, {FAX: "none"} | REQUIRED)

    response = await calendly.send(await calendly.booking("questionnaire", questions_and_answers=given))

    assert response.status_code == 201


@pytest.mark.parametrize(
    ("blank", "status"),
    [
        pytest.param({TOPIC: " ", PHONE: ""}, 201, id="optional"),
        pytest.param({TEAM: ""}, 400, id="required"),
    ],
)
async def test_only_optional_answers_may_be_blank_where_assumed(
    calendly: Simulation, blank: dict[int, str], status: int
) -> None:
    await calendly.assume(blankAnswersRefused=False)
    given = await answers(calendly, REQUIRED | blank)

    response = await calendly.send(await calendly.booking("questionnaire", questions_and_answers=given))

    assert response.status_code == status


async def test_an_answer_is_a_string_even_where_it_may_be_blank(calendly: Simulation) -> None:
    await calendly.assume(blankAnswersRefused=False)
    given = [{"question": "Which company are you with?", "answer": 7, "position": 0}]

    details = await refusal(calendly, given)

    assert details == [{"message": "must be a string", "parameter": f"{PATH}[0].answer"}]


async def test_any_text_is_a_phone_answer_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(phonesChecked=False)
    given = await answers(calendly, REQUIRED | {PHONE: "soon"})

    response = await calendly.send(await calendly.booking("questionnaire", questions_and_answers=given))

    assert response.status_code == 201


async def test_a_position_is_that_of_the_question(calendly: Simulation) -> None:
    given = await answers(calendly, REQUIRED)
    given[0]["position"] = 5

    details = await refusal(calendly, given)

    assert details == [
        {"message": "does not match the question's position", "parameter": f"{PATH}[0].position"}
    ]


async def test_a_position_is_free_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(positionsMustMatch=False)
    given = await answers(calendly, REQUIRED)
    given[0]["position"] = 5

    response = await calendly.send(await calendly.booking("questionnaire", questions_and_answers=given))

    assert response.status_code == 201


async def test_choices_are_free_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(choicesEnforced=False)
    given = await answers(calendly, REQUIRED | {TEAM: "A few"})

    response = await calendly.send(await calendly.booking("questionnaire", questions_and_answers=given))

    assert response.status_code == 201


async def test_choices_are_joined_as_assumed(calendly: Simulation) -> None:
    await calendly.assume(multiSelectSeparator=", ")
    given = await answers(calendly, REQUIRED | {DAYS: "Monday, Friday"})

    response = await calendly.send(await calendly.booking("questionnaire", questions_and_answers=given))

    assert response.status_code == 201


async def test_an_answer_to_an_event_type_without_questions_is_refused(calendly: Simulation) -> None:
    given = [{"question": "Why?", "answer": "So.", "position": 0}]

    response = await calendly.send(await calendly.booking("intro-call", questions_and_answers=given))

    assert response.status_code == 400
