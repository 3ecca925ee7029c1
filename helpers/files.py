"""Where the book lies, and writing its files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def book_root() -> Path:
    """The folder that holds `_toc.yml`, `chapters/` and `helpers/`."""
    return Path(__file__).resolve().parent.parent


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all: to a temporary name, then renamed.

    A file that is there keeps its mode; when writing fails it stays as it was, and
    nothing is left beside it.

    Raises
    ------
    OSError
        The folder cannot be made or written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
