"""The locks name one version, with hashes, of everything that `pyproject.toml` asks for, and no address."""

import re
import tomllib
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.repository import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("bootstrap", "runtime", "dev", "clients")


def group(name: str) -> list[str]:
    entries = PROJECT["dependency-groups"][name]
    return list(
        chain.from_iterable(
            [entry] if isinstance(entry, str) else group(entry["include-group"]) for entry in entries
        )
    )


ASKED = {
    "bootstrap": group("bootstrap"),
    "runtime": PROJECT["project"]["dependencies"],
    "dev": [*PROJECT["project"]["dependencies"], *group("dev")],
    "clients": group("clients"),
}


def entries_of(lock: str) -> list[str]:
    """One string a package: its pin and its hashes."""
    lines = (ROOT / "requirements" / f"{lock}.lock").read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if line and not line.lstrip().startswith("#")]


def versions_in(lock: str) -> dict[str, str]:
    pins = (Requirement(entry.split(" --hash")[0]) for entry in entries_of(lock))
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins
        if pin.marker is None or pin.marker.evaluate()
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_what_the_project_asks_for(lock: str) -> None:
    locked = versions_in(lock)

    wanted = [Requirement(text) for text in ASKED[lock]]

    assert [
        str(asked)
        for asked in wanted
        if not asked.specifier.contains(locked.get(canonicalize_name(asked.name), "0"), prereleases=True)
    ] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_one_version_and_hashes(lock: str) -> None:
    assert [
        entry
        for entry in entries_of(lock)
        if not re.match(r"[\w.-]+(\[.+\])?==\S+( ;.*?)? .*--hash=sha256:[0-9a-f]{64}", entry)
    ] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert "://" not in (ROOT / "requirements" / f"{lock}.lock").read_text()


def test_development_runs_on_the_versions_that_are_shipped() -> None:
    shipped, used = versions_in("runtime"), versions_in("dev")

    assert {name: used.get(name) for name in shipped} == shipped
