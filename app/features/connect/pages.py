"""The pages that a host sees on the way to Calendly and back. No script, nothing of anybody else's origin."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape

from app.features.connect.service import Ended, Ending

_STYLE = """
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 2rem auto; padding: 0 1rem; color: #1b2430;
    background: #fff; }
  h1 { font-size: 1.5rem; line-height: 1.25; }
  button { font: inherit; font-weight: 600; min-height: 3rem; padding: .6rem 1.5rem; border: 0; border-radius: .5rem;
    color: #fff; background: #0b57d0; cursor: pointer; }
  button:focus-visible { outline: 3px solid #1b2430; outline-offset: 2px; }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""

_STATUS: Mapping[Ending, int] = {
    Ending.CONNECTED: 200,
    Ending.REFUSED: 200,
    Ending.TOO_LATE: 404,
    Ending.ALREADY_SERVED: 409,
    Ending.AWAY: 502,
    Ending.UNKNOWN_TO_CALENDLY: 502,
    Ending.STORE_AWAY: 503,
}

_TOLD: Mapping[Ending, tuple[str, str]] = {
    Ending.CONNECTED: ("Connected", "{name} can be booked from now on. You can close this page."),
    Ending.REFUSED: (
        "Not connected",
        "You did not allow it, and so nothing has changed. To allow it after all, ask for a new link.",
    ),
    Ending.TOO_LATE: (
        "This link is not good, or no longer",
        "A link works once, and for an hour. Ask whoever sent it to you for a new one.",
    ),
    Ending.ALREADY_SERVED: (
        "Connected already",
        "This Calendly account is served as it is, and needs no connection. Nothing has changed.",
    ),
    Ending.AWAY: (
        "Calendly did not answer",
        "Your account is not connected, and the link is used up. Ask whoever sent it to you for a new one.",
    ),
    Ending.UNKNOWN_TO_CALENDLY: (
        "Calendly did not accept the request",
        "Your account is not connected. Nothing that you did is to blame: tell whoever sent you the link.",
    ),
    Ending.STORE_AWAY: (
        "Not at the moment",
        "Nothing can be connected just now. Try the link again in a few minutes, or ask for a new one.",
    ),
}

_INVITATION = """\
<p>Whoever sent you this link wants to offer times in your Calendly calendar on pages of their own.</p>
<p>Calendly will ask you whether they may: read what can be booked with you and when, and book and cancel for your
visitors. You can say no there, and take a yes back later.</p>
<form method="post"><button>Continue to Calendly</button></form>
"""


def invitation_page() -> str:
    return _drawn("Connect your Calendly account", _INVITATION)


def ending_page(ended: Ended) -> str:
    title, text = _TOLD[ended.ending]
    return _drawn(title, f"<p>{escape(text.format(name=ended.name or 'Your Calendly account'))}</p>")


def status_of(ending: Ending) -> int:
    return _STATUS[ending]


def headers(*, leads_to: str | None = None) -> dict[str, str]:
    """For each page. `leads_to`: where its form ends up, as an origin.

    Browsers hold every redirect that follows a form to its policy, and Calendly may send hosts on to wherever they sign
    in: from that page all of https is allowed.
    """
    forms = f"'self' {leads_to} https:" if leads_to else "'none'"
    policy = (
        f"default-src 'none'; style-src '{_STYLE_HASH}'; form-action {forms};"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    return {**PRIVATE, "Content-Security-Policy": policy}


def _drawn(title: str, body: str) -> str:
    return _PAGE.format(title=escape(title), style=_STYLE, body=body)


_STYLE_HASH = f"sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}"

PRIVATE: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""There is something in the addresses of these pages that nobody else is to see."""
