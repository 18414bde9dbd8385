"""Where `calendly-bff` begins, in each of its processes."""

import gc
import sys

# Nearly all that is imported stays until the end: to look through it for garbage, again and again, is a tenth of
# a start.
gc.disable()

# Nor does our log need what structlog draws tracebacks in a terminal with, where that happens to be installed: a
# twentieth of a start. What is None here is taken for absent (https://docs.python.org/3/reference/import.html).
sys.modules["rich"] = None  # type: ignore[assignment]

import structlog

del sys.modules["rich"]

from app.cli import main

gc.freeze()  # nor at once, when it is looked for again
gc.enable()

__all__ = ["main", "structlog"]
