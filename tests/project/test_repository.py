"""What no file here may say, and what the documents promise."""

import re

import pytest

from tests.project.repository import ROOT, texts

REGISTRY_HOSTS = (
    ("py" + "pi", "org"),
    ("py" + "thonhosted", "org"),
    ("np" + "mjs", "org"),
    ("np" + "mjs", "com"),
    ("yarn" + "pkg", "com"),
    ("deb" + ".debian", "org"),
    ("pro" + "xy.golang", "org"),
)
"""In pieces, so that this file itself names none."""

MACHINE_PATHS = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/")


def files_that_match(pattern: str) -> list[str]:
    return [path for path, text in texts() if re.search(pattern, text)]


@pytest.mark.parametrize("host", [".".join(parts) for parts in REGISTRY_HOSTS])
def test_no_file_names_a_package_registry(host: str) -> None:
    assert files_that_match(re.escape(host)) == []


@pytest.mark.parametrize("folder", MACHINE_PATHS)
def test_no_file_names_a_folder_of_somebodys_machine(folder: str) -> None:
    assert files_that_match(rf"(?<![\w.}}-]){re.escape(folder)}") == []


def test_node_packages_are_locked_by_hash_without_addresses() -> None:
    lock = (ROOT / "package-lock.json").read_text()

    assert '"resolved"' not in lock
    assert lock.count('"integrity"') == lock.count('"node_modules/')


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_documented_exists(document: str) -> None:
    makefile = (ROOT / "Makefile").read_text()

    named = set(re.findall(r"(?:`|^)make ([a-z][a-z-]*)", (ROOT / document).read_text(), re.MULTILINE))

    assert {target for target in named if f"\n{target}:" not in makefile} == set()
    assert named


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_readme_names_the_two_first_commands(target: str) -> None:
    assert f"make {target}" in (ROOT / "README.md").read_text()
