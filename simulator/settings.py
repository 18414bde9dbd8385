"""How this instance behaves: every knob that a control call can turn."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from simulator.assumptions import Assumptions

Tier = Literal["free", "trial", "paid", "enterprise"]
Role = Literal["user", "admin", "owner"]
MAX_OFFSET = 315_360_000.0
"""Seconds: ten years either way."""


Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]


class Mischief(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What becomes of webhook messages on their way, as shares of all from 0 to 1."""

    duplicate: Share = 0.0
    """Sent twice."""
    reorder: Share = 0.0
    """Overtaken by the next message to the same subscription; sent after a second where there is none."""
    forge: Share = 0.0
    """Followed by a message that somebody else made up."""
    delay_seconds: Annotated[float, Meta(ge=0)] = 0.0
    """Of the simulator's clock, before any is sent."""


class Settings(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    tier: Tier = "paid"
    strict: bool = True
    """Refuse what Calendly ignores in silence: unknown body fields and query parameters."""
    clock_offset_seconds: Annotated[float, Meta(ge=-MAX_OFFSET, le=MAX_OFFSET)] = 0.0
    latency_ms: Annotated[float, Meta(ge=0)] = 0.0
    conference_ready_seconds: Annotated[float, Meta(ge=0)] = 1.0
    """From a booking until its conference has a join link."""
    conference_outcome: Literal["pushed", "failed"] = "pushed"
    scopes: dict[str, list[str]] = field(default_factory=dict)
    """Per token; one that is not named here may do everything."""
    roles: dict[str, Role] = field(default_factory=dict)
    """Per user slug, in the one organisation; who is not named here is a plain member."""
    oauth_consent: Literal["ask", "grant", "refuse"] = "ask"
    """Whether the consent page is shown, or answered at once for `oauth_user`."""
    oauth_user: str = "ada"
    """The slug of the user who is chosen on the consent page unless another is."""
    webhook_retry_seconds: Positive = 60.0
    """Of the simulator's clock, from a failed delivery to the next attempt; doubled with each."""
    webhook_connect_seconds: Positive = 10.0
    """Of real time, as the next."""
    webhook_read_seconds: Positive = 15.0
    webhook_targets: Literal["loopback", "any"] = "loopback"
    webhook_mischief: Mischief = field(default_factory=Mischief)
    assumptions: Assumptions = field(default_factory=Assumptions)
