"""What a start of `calendly-bff` does without."""

import json
import subprocess
import sys

LOOKED = """
import json, sys
import app.start
loaded = {name.partition(".")[0] for name in sys.modules}
import rich.console, pygments.lexers
print(json.dumps([sorted(loaded & {"fakeredis", "icalendar", "pygments", "rich"}), bool(rich.console.Console)]))
"""


def test_a_start_loads_nothing_that_only_a_terminal_or_an_embedded_store_needs() -> None:
    """And whoever needs it later, has it."""
    ran = subprocess.run([sys.executable, "-c", LOOKED], capture_output=True, text=True, check=True)

    assert json.loads(ran.stdout) == [[], True]
