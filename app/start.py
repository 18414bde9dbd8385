"""Where `calendly-bff` begins, in each of its processes."""

import gc

# Nearly all that is imported stays until the end: to look through it for garbage, again and again, is a tenth of
# a start.
gc.disable()

from app.cli import main

gc.freeze()  # nor at once, when it is looked for again
gc.enable()

__all__ = ["main"]
