"""The secret key of services under test: it says what it is, and is made here so that nobody copies it."""

from base64 import b64encode

SECRET_KEY = b64encode(b"for tests alone".ljust(32, b".")).decode()
OTHER_KEY = b64encode(b"another, for tests alone".ljust(32, b".")).decode()
"""For rotations."""
