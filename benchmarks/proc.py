"""What `/proc` tells of a process and of everything that it started."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
NANOSECONDS = 1e9


def parent_in(stat: str) -> int:
    """From `/proc/PID/stat`, in which the name of a program may hold blanks and brackets."""
    return int(stat.rpartition(")")[2].split()[1])


def on_cpu_in(schedstat: str) -> float:
    """Seconds from `schedstat`, which counts nanoseconds where `stat` counts hundredths of a second."""
    return int(schedstat.partition(" ")[0]) / NANOSECONDS


def resident_in(status: str) -> int:
    """KiB from `/proc/PID/status`."""
    return int(status.partition("VmRSS:")[2].split()[0])


def tree(root: int, parent_of: Mapping[int, int]) -> set[int]:
    """`root` and all below it."""
    found: set[int] = set()
    wave = {root}
    while wave:
        found |= wave
        wave = {child for child, parent in parent_of.items() if parent in wave} - found
    return found


def cpu_seconds(root: int) -> float:
    """Of the process and its living descendants, all threads. What has ended meanwhile is no longer counted."""
    return sum(
        on_cpu_in(text)
        for pid in tree(root, parents())
        for text in _texts(PROC / str(pid) / "task", "*/schedstat")
    )


def resident(root: int) -> int:
    """KiB of the process and its descendants."""
    return sum(
        resident_in(text) for pid in tree(root, parents()) for text in _texts(PROC / str(pid), "status")
    )


def parents() -> dict[int, int]:
    """Of all processes there are."""
    found = {}
    for path in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):
            found[int(path.parent.name)] = parent_in(path.read_text(errors="replace"))
    return found


def _texts(folder: Path, pattern: str) -> Iterator[str]:
    """A process may end while it is looked at."""
    for path in folder.glob(pattern):
        with suppress(OSError):
            yield path.read_text()
