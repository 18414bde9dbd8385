"""The service itself, with the garbage collector as Python starts it: whatever the service asks of it is ignored."""

import gc

from app.cli import main


def _ignored(*_: object) -> None:
    """In the place of what would change how often everything is looked through."""


if __name__ == "__main__":
    gc.freeze = _ignored
    gc.set_threshold = _ignored
    gc.disable = _ignored
    main()
