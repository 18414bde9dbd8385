"""A booking backend between a front end and a Calendly account."""

__version__ = "0.1.0"
