"""What Calendly does not document: each decision is one option here, with the reason for its default.

Change any of them with `PATCH /_simulator/settings {"assumptions": {...}}`, in camelCase.
"""

from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]
Refusal = Annotated[int, Meta(ge=400, le=499)]


class Assumptions(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One field for each open question about Calendly's behaviour."""

    available_times_scope: str = "availability:read"
    """Two official pages name different scopes for the free times; this is the endpoint's own page."""

    end_time_inclusive: bool = True
    """A slot exactly at `end_time` was seen in both of two adjacent windows."""

    long_window_refused: bool = True
    """More than 31 days is a 400. Switched off, the window is cut at 31 days in silence: both were seen."""

    time_filters_inclusive: bool = True
    """`min_start_time` and `max_start_time` of the list of events: both ends belong to it."""

    emails_lowered: bool = False
    """An invitee's address is kept as it was sent, like every other text of a booking."""

    email_filters_exact: bool = False
    """`invitee_email` and `email` find an address in any case: whoever filters by one means a person."""

    inactive_has_slots: bool = False
    """An inactive or deleted event type lists no free times: nobody could use them."""

    unbookable_status: Refusal = 400
    """Inactive, paid and poll event types: no literal is known, and every other refused booking is a 400."""

    unoffered_start_code: str = "already_filled"
    """A start that was never offered (off the grid, too soon, too far) is refused like one that was filled:
    Calendly has one question to ask, whether the slot is open."""

    single_location_required: bool = True
    """Even the only location of an event type has to be sent: four projects were refused without it."""

    location_text_must_match: bool = True
    """`physical` and `custom` repeat a configured text, the only thing that tells two addresses apart."""

    text_reminder_must_be_phone: bool = True
    """A number that no text can reach is refused, as one in an answer is."""

    round_robin_location_refused: bool = True
    """The reference says that a location must not be sent; what happens otherwise it does not say."""

    location_max_length: Count = 255
    """The documented limit of a configured location, taken for the typed one too."""

    tracking_max_length: Count = 255
    """Reported by third parties."""

    unknown_questions_refused: bool = True
    """The answer's `question` must match a configured text exactly, so one that matches none is a mistake."""

    blank_answers_refused: bool = True
    """One blank answer, even to an optional question, failed the whole list in what was observed."""

    phones_checked: bool = True
    """An answer or an `outbound_call` location that is no phone number is refused. Of answers this was observed."""

    positions_must_match: bool = True
    """`position` is required; a wrong one would put the answer under another question."""

    choices_enforced: bool = True
    """A select answer must be one of the choices unless the question allows another."""

    multi_select_separator: Annotated[str, Meta(min_length=1)] = "\n"
    """Several choices are one string, joined by a newline in what was observed."""

    all_details: bool = True
    """All faults of a body are returned. Switched off, only the first is."""

    group_same_email_refused: bool = False
    """One person may take two seats of a group event: nothing says otherwise."""

    multi_pool_needs_all_hosts: bool = True
    """`multi_pool` event types are not explained anywhere: taken for collective, not for round robin."""

    buffers_add_up: bool = False
    """Between two meetings the longer of the two buffers is kept free, not their sum."""

    failed_bookings_count: bool = True
    """A refused `POST /invitees` spends quota: the careful reading."""

    free_bookings_per_day: Count = 5
    """The free plan's quota is not published; the trial's is the smallest that is."""

    booking_headers_show_quota: bool = True
    """On `POST /invitees` the rate limit headers describe the tightest window, its own quotas included."""

    rate_limited_title: str = "Too Many Requests"
    """The shape of a 429 body is not documented: the common one, with the status' own name."""

    rate_limited_message: str = "You have exceeded the rate limit. Please wait before trying again."
    """As above."""

    pkce_required: bool = True
    """Asked for on all new applications; whether a request without it is refused is not said."""

    loopback_redirects_any_port: bool = True
    """A native application cannot know its port beforehand (RFC 8252 section 7.3), and no test can."""

    omitted_scope_grants_nothing: bool = True
    """New tokens get nothing until scopes are granted: taken to hold for a request that names none."""

    unknown_scopes_refused: bool = True
    """RFC 6749 lets a server refuse or ignore them: refused, a misspelt scope is seen."""

    client_secret_in_token_body: bool = False
    """A web client's secret is documented as HTTP Basic; the body is for `client_id` of native ones."""

    reused_code_ends_grant: bool = True
    """RFC 6749 section 4.1.2 recommends it: a code that comes twice may have been stolen."""

    reused_refresh_token_ends_grant: bool = False
    """Reuse fails; that it ends the newer tokens too is not documented."""

    refresh_ends_access_token: bool = False
    """Only the refresh token is said to be revoked when it is used."""

    revoking_ends_both_tokens: bool = True
    """Whoever revokes one token of a pair means the connection."""

    introspection_refused_status: Refusal = 401
    """Of a wrong client: only the successful answer was seen. RFC 7662 says 401."""

    hook_urls_unique_everywhere: bool = True
    """A URL that has a hook is refused, whoever made it. Switched off, only within one scope of one user."""

    organization_hooks_need_admin: bool = True
    """Like all that concerns the whole organisation."""

    sent_signing_key_wins: bool = True
    """A subscription made with an OAuth token is signed with the key it was sent, or else with the
    application's own, the only one that is documented."""

    retries_last_until_after_the_event: bool = False
    """Retries go on for 24 hours "or until 24 hours after the booked event": which of them is not said.
    Switched off, it is 24 hours from the first attempt."""

    second_no_show_status: Refusal = 400
    """Marking an invitee twice is refused in what was observed; how was not told."""

    event_type_messages_have_buffers: bool = False
    """The schema of the messages was last seen before event types got their buffers."""

    unsupported_content_type_status: Refusal = 400
    """A body that is not declared as JSON: neither 415 nor 422 is listed for any operation."""
