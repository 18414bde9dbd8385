"""What is done to deliveries on their way, and how many of all that were sent it really befell."""

from collections.abc import Mapping, Sequence

from tests.support.simulation import Json

PROMISED = {"duplicates": 0.2, "out of order": 0.2, "forgeries": 0.1}
"""Shares of all that is sent, at the least."""

MISCHIEF = {"duplicate": 0.33, "reorder": 0.25, "forge": 0.17, "delaySeconds": 0}
"""As the simulator is told: shares of what there is to tell, which are less of all that is sent."""


def shares(sent: Sequence[Json]) -> Mapping[str, float]:
    counts = {
        "duplicates": sum(each["kind"] == "duplicate" for each in sent),
        "out of order": _overtaken(sent),
        "forgeries": sum(each["kind"] == "forged" for each in sent),
    }
    return {name: count / max(len(sent), 1) for name, count in counts.items()}


def lacking(found: Mapping[str, float]) -> dict[str, int]:
    return {f"less than {least:.0%} {name}": int(found[name] < least) for name, least in PROMISED.items()}


def _overtaken(sent: Sequence[Json]) -> int:
    """How many were first tried when something had been tried already that happened later."""
    latest, count = "", 0
    for each in sorted(sent, key=lambda one: (one["attempts"][0]["at"], one["number"])):
        count += each["createdAt"] < latest
        latest = max(latest, each["createdAt"])
    return count
