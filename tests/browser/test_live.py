"""While free times are shown, what happens to them elsewhere is shown, too."""

import re
from urllib.parse import parse_qs, urlsplit

from tests.browser.stage import Stage

EVENT_ID = re.compile(r"[0-9a-f]{8}-\d+-\d+")


def test_a_time_that_is_taken_goes_and_one_that_is_given_up_comes_back(stage: Stage) -> None:
    scene = stage.play("live.takenAndFreed", "intro-call", schemes=["light", "dark"])

    assert scene["taken"] == [each for each in scene["before"] if each != scene["start"]]
    assert scene["freed"] == scene["before"]
    assert scene["said"].endswith("has just been taken")
    assert scene["seen"] == scene["said"]
    assert (scene["focus"], scene["kept"]) == ("day", scene["held"])
    assert scene["complaints"] == []
    # Whatever is read after an event names it: no cache on the way has kept an answer to that.
    queries = [parse_qs(urlsplit(each).query) for each in scene["requests"] if "/availability?" in each]
    named = {query["after"][0] for query in queries if "after" in query}
    assert len([each for each in named if EVENT_ID.fullmatch(each)]) >= 2


def test_a_page_that_was_refused_comes_back_and_shows_what_it_missed(stage: Stage) -> None:
    scene = stage.play("live.comesBack", "intro-call")

    assert scene["after"] == [each for each in scene["before"] if each != scene["start"]]
    assert scene["asked"] > 1


def test_whoever_goes_on_to_the_form_leaves_no_stream_behind(stage: Stage) -> None:
    assert stage.play("live.leaves", "intro-call")["complaints"] == []


def test_times_that_could_not_be_read_again_are_read_later(stage: Stage) -> None:
    scene = stage.play("live.triesAgain", "intro-call")

    assert (scene["after"], scene["failed"]) == (scene["before"], 3)
