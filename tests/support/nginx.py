"""nginx as Debian packages it, run from a configuration of ours."""

import getpass
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.ports import free_port
from tests.support.programs import running

# Servers are often where only root looks for programs.
PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "nginx"


def nginx_command(folder: Path, template: Path, **told: object) -> list[str]:
    """How to start it; `@NAME@` in the template stands for what is told, and the folder takes all that it writes."""
    text = template.read_text()
    for name, value in {"FOLDER": folder, "USER": getpass.getuser(), **told}.items():
        text = text.replace(f"@{name}@", str(value))
    config = folder / "nginx.conf"
    config.write_text(text)
    return [PROGRAM, "-e", str(folder / "nginx.log"), "-c", str(config)]


@contextmanager
def running_nginx(folder: Path, template: Path, **told: object) -> Iterator[str]:
    """Its address; the template names `@PORT@`."""
    port = free_port()
    command = nginx_command(folder, template, PORT=port, **told)
    with running(command, port=port, log=folder / "nginx.out"):
        yield f"http://127.0.0.1:{port}"
