"""Calendly's OAuth server: authorize, token, revoke, introspect. On the API's own port, for convenience."""
