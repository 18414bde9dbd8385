"""Medians, spreads, percentiles and verdicts."""

import pytest

from benchmarks.figures import figure, percentile, ratios
from benchmarks.findings import Findings
from benchmarks.report import BEGIN, END, missed, placed, tables, verdict
from benchmarks.scenes import SCENES
from benchmarks.targets import AT_LEAST, AT_MOST, TARGETS, Target, Verdict

FAST = Target("example.fast", "speed", "somebody", AT_LEAST, 10.0, "times", 0.05)
SMALL = Target("example.small", "size", "-", AT_MOST, 10.0, "MiB", 0.05)


def test_a_figure_is_the_median_with_its_extremes() -> None:
    found = figure([3.0, 1.0, 2.0, 10.0])

    assert (found.median, found.least, found.most) == (2.5, 1.0, 10.0)
    assert found.spread == 3.6


def test_there_is_no_figure_without_a_round() -> None:
    with pytest.raises(ValueError, match="round"):
        figure([])


def test_ratios_are_taken_within_each_round() -> None:
    # A neighbour doubled the cost of everybody in the second one.
    assert ratios([10.0, 20.0], [5.0, 10.0]).spread == 0


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0.0, 1.0, id="the least"),
        pytest.param(0.5, 50.0, id="the middle"),
        pytest.param(0.99, 99.0, id="of a hundred, the last but one"),
        pytest.param(1.0, 100.0, id="the most"),
    ],
)
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert percentile(map(float, range(1, 101)), share) == expected


@pytest.mark.parametrize(
    ("target", "value", "expected"),
    [
        pytest.param(FAST, 10.0, Verdict.MET, id="at least, reached"),
        pytest.param(FAST, 9.6, Verdict.WITHIN_NOISE, id="at least, nearly"),
        pytest.param(FAST, 9.4, Verdict.MISSED, id="at least, not reached"),
        pytest.param(SMALL, 10.0, Verdict.MET, id="at most, kept"),
        pytest.param(SMALL, 10.4, Verdict.WITHIN_NOISE, id="at most, nearly"),
        pytest.param(SMALL, 10.6, Verdict.MISSED, id="at most, not kept"),
    ],
)
def test_a_verdict_allows_for_noise_on_the_worse_side(
    target: Target, value: float, expected: Verdict
) -> None:
    assert target.verdict(figure([9.0, value, 11.0])) is expected


@pytest.mark.parametrize("target", [FAST, SMALL])
def test_it_is_no_noise_where_no_round_was_within_the_bound(target: Target) -> None:
    missed = 9.6 if target is FAST else 10.4

    assert target.verdict(figure([missed])) is Verdict.MISSED


def test_nothing_stale_means_nothing_at_all() -> None:
    stale = next(target for target in TARGETS if target.name == "gone.stale")

    assert stale.verdict(figure([0.0])) is Verdict.MET
    assert stale.verdict(figure([1.0])) is Verdict.MISSED


def test_a_figure_from_wrong_answers_is_missed() -> None:
    findings = Findings(figures={FAST.name: figure([100.0])}, problems={FAST.name: "3 of status 500"})

    assert verdict(FAST, findings) is Verdict.MISSED


def test_what_was_not_measured_is_missed() -> None:
    assert missed(Findings(), [FAST]) == [FAST.name]


def test_every_target_has_a_scene_and_every_scene_a_target() -> None:
    assert {target.name.partition(".")[0] for target in TARGETS} == set(SCENES)


def test_a_table_tells_bound_figure_and_verdict() -> None:
    findings = Findings(figures={"reshape.pydantic": figure([6.0, 6.5, 7.0])})

    table = tables(findings, ["reshape"], markdown=True)

    wanted = "| at least 5.00 times | 6.50 | 6.00 to 7.00 | met |"
    assert wanted in table


def test_tables_take_the_place_of_the_former_ones() -> None:
    document = f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n"

    assert placed("new\n", document) == f"Before.\n{BEGIN}\nnew\n{END}\nAfter.\n"


def test_tables_stand_alone_where_no_place_is_marked() -> None:
    assert placed("new\n", "") == "new\n"
