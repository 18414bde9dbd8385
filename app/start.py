"""Where `calendly-bff` begins, in each of its processes."""

import gc
import sys

# Nearly all that is imported stays until the end: to look through it for garbage, again and again, is a tenth of
# a start.
gc.disable()

# Nor is there need for what structlog draws tracebacks in a terminal with, or for the command line of httpx: both come
# along where these packages happen to be installed, and are another tenth. What is None here is taken for absent
# (https://docs.python.org/3/reference/import.html#the-module-cache).
FOR_TERMINALS = ("rich", "pygments")
sys.modules.update(dict.fromkeys(FOR_TERMINALS))  # type: ignore[arg-type]

import httpx
import structlog

for name in FOR_TERMINALS:
    del sys.modules[name]

from app.cli import main

gc.freeze()  # nor at once, when it is looked for again
gc.enable()

__all__ = ["httpx", "main", "structlog"]
