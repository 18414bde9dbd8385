"""A booking backend between a front end and a Calendly account."""

__version__ = "0.1.0"

API = "/api/v1"
"""Where everything that front ends call is. Each router has it in its own paths: in logs and metrics a route
is known by the path it was declared with.
"""
