"""How this instance behaves: every knob that a control call can turn."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from simulator.assumptions import Assumptions

Tier = Literal["free", "trial", "paid", "enterprise"]
Role = Literal["user", "admin", "owner"]
MAX_OFFSET = 315_360_000.0
"""Seconds: ten years either way."""


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
    assumptions: Assumptions = field(default_factory=Assumptions)
