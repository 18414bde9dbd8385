"""Scenes in a real browser, played by node; what they give comes back as plain values."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.project.repository import ROOT
from tests.support.canary import TOKEN
from tests.support.front_end import CalendlyControl, both_sides
from tests.support.programs import running_service_program, running_simulator_program

Json = dict[str, Any]

FOLDER = Path(__file__).parent
NODE = Path(sys.executable).with_name("node")
PICTURES = ROOT / "build" / "screenshots"
"""Where the pictures of the steps stay, to be looked at."""

PATIENCE = 120.0
"""Seconds for one scene, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The demo, in front of a browser, and the Calendly behind it."""

    service: str
    simulator: str
    calendly: CalendlyControl

    def play(self, scene: str, slug: str = "", **options: Any) -> Json:
        """`scene` is `file.name`. Wherever it leads, axe must find nothing, and the page keep to its origin; with
        `leaves`, to Calendly's as well.
        """
        file, name = scene.split(".")
        places = {"service": self.service, "simulator": self.simulator, "token": TOKEN}
        looks = {"pictures": str(PICTURES), "label": f"{name}-{options.get('width', 1280)}"}
        given = {**places, **looks, "browser": shutil.which("chromium"), "slug": slug, **options}
        command = [str(NODE), str(FOLDER / "play.mjs"), f"{file}.mjs", name, json.dumps(given)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        result: Json = json.loads(done.stdout)
        origins = (
            (f"{self.service}/", f"{self.simulator}/") if options.get("leaves") else (f"{self.service}/",)
        )
        assert [each for each in result["requests"] if not each.startswith(origins)] == []
        assert result.get("findings", []) == []
        return result


@contextmanager
def staged(folder: Path, **settings: str) -> Iterator[Stage]:
    """The demo page on a service with these settings."""
    with ExitStack() as stack:
        simulator = stack.enter_context(running_simulator_program(folder))
        told = {"CALENDLY_TOKEN": TOKEN, "CALENDLY_API_URL": simulator, "BFF_DEMO_PAGE": "true", **settings}
        service = stack.enter_context(running_service_program(folder, told))
        _, calendly = stack.enter_context(both_sides(service, simulator))
        yield Stage(service, simulator, calendly)
