"""The files of this repository that somebody wrote."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

_MADE = frozenset({".git", ".venv", "build", "dist", "node_modules", "__pycache__"})
"""Folders whose content a tool makes. Git is not asked: an archive without `.git` passes the same tests."""


def _is_made(path: Path) -> bool:
    return path.name in _MADE or path.name.endswith(("_cache", ".egg-info")) or path.name == ".hypothesis"


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not _is_made(path):
            yield from _files_below(path)
        elif path.is_file() and path.name not in {".env", ".git"} and not path.name.startswith(".coverage"):
            yield path


def texts() -> Iterator[tuple[str, str]]:
    """Path from the root, and content, of every text file."""
    for path in _files_below(ROOT):
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
