"""Every knob that concerns Calendly, and the application that is registered there."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from app.setting_values import (
    ApiUrl,
    BlankIsUnset,
    ClientId,
    CommaSeparated,
    Scopes,
    Seconds,
    SigningKey,
    Token,
)


class CalendlySettings(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """`CALENDLY_…`"""

    token: Annotated[
        Token | None,
        BlankIsUnset,
        Field(
            description="Personal access token of the account whose calendar is offered. Without it only those that"
            " are connected are."
        ),
    ] = None
    api_url: Annotated[
        ApiUrl,
        Field(description="Origin of Calendly's API. Anything but https is refused, except on loopback."),
    ] = "https://api.calendly.com"
    tier: Annotated[
        Literal["auto", "free", "trial", "paid", "enterprise"],
        Field(
            description="Plan of the account, which decides its quotas; auto learns it from Calendly's headers."
        ),
    ] = "auto"
    read_timeout: Annotated[
        Seconds,
        Field(
            ge=timedelta(seconds=1),
            le=timedelta(seconds=8),
            description="Seconds that one read of Calendly may take, second try included.",
        ),
    ] = timedelta(seconds=3)
    booking_timeout: Annotated[
        Seconds,
        Field(
            ge=timedelta(seconds=2),
            le=timedelta(seconds=18),
            description="Seconds that a booking waits for Calendly before its outcome counts as unknown.",
        ),
    ] = timedelta(seconds=18)
    webhook_keys: Annotated[
        tuple[SigningKey, ...],
        *CommaSeparated,
        Field(
            description="Keys that webhooks may be signed with, separated by commas. The first is given to Calendly"
            " with the subscription of `CALENDLY_TOKEN`; those of connected accounts are signed with the application's,"
            " from the developer portal. Empty: none is believed."
        ),
    ] = ()
    oauth_client_id: Annotated[
        ClientId | None,
        BlankIsUnset,
        Field(
            description="Id of your application in Calendly's developer portal, to connect accounts of others."
        ),
    ] = None
    oauth_client_secret: Annotated[
        Token | None,
        BlankIsUnset,
        Field(description="Secret of that application; a native one has none."),
    ] = None
    oauth_url: Annotated[
        ApiUrl,
        Field(
            description="Origin of Calendly's OAuth server. Anything but https is refused, except on loopback."
        ),
    ] = "https://auth.calendly.com"
    oauth_scopes: Annotated[
        Scopes,
        Field(description="What accounts are asked for when they are connected, separated by blanks."),
    ] = "users:read event_types:read availability:read scheduled_events:write webhooks:write locations:read"

    @model_validator(mode="after")
    def _whose_secret(self) -> Self:
        if self.oauth_client_secret is not None and self.oauth_client_id is None:
            raise ValueError("CALENDLY_OAUTH_CLIENT_ID must be set where CALENDLY_OAUTH_CLIENT_SECRET is")
        return self
