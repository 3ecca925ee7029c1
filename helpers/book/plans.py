"""What to run: chapters, values of their parameters, and the combinations of a sweep.

Everything is checked here, before anything starts.
"""

from __future__ import annotations

import hashlib
import itertools
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers import parameters
from helpers.book import notebooks
from helpers.files import book_root
from helpers.hints import did_you_mean
from helpers.values import check

LONGEST = 120  # characters of a label, which names a folder


@dataclass(frozen=True)
class Job:
    """One execution of a chapter.

    parameters : those given; the others keep their defaults.
    folder : "" for the defaults, else such as "units=64,seed=1".
    part : only the cells with this tag are executed, see `notebooks.part`; "" for all.
    """

    chapter: str
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    folder: str = ""
    part: str = ""

    @property
    def kind(self) -> tuple[str, str]:
        """What its notebook is: the chapter, and the part of it."""
        return self.chapter, self.part

    def __str__(self) -> str:
        return f"{self.chapter} {self.folder}".strip()


def select(names: Iterable[str], root: Path | None = None) -> list[str]:
    """Chapters by number ("4", "04"), name or unique prefix; all when none is named.

    Raises
    ------
    ValueError
        A name fits no chapter, or more than one.
    """
    known = notebooks.chapters(root)
    chosen = set()
    for name in names:
        if "," in name:
            raise ValueError(
                f'"{name}": names are parted by spaces, such as '
                f'"{" ".join(name.replace(",", " ").split())}"'
            )
        word = f"{int(name):02}_" if name.isdecimal() else Path(name).stem
        found = [c for c in known if word == c] or [
            c for c in known if word and (c.startswith(word) or c[3:].startswith(word))
        ]
        if len(found) != 1:
            fault = f"fits {' and '.join(found)}" if found else "fits no chapter"
            hint = "" if found else did_you_mean(word, known)
            raise ValueError(
                f'chapter "{name}" {fault}{hint}; the chapters are {", ".join(known)}'
            )
        chosen.update(found)
    return [c for c in known if c in chosen or not chosen]


def plan(
    names: Iterable[str],
    given: Mapping[str, str],
    grid: Mapping[str, Sequence[str]] | None = None,
    root: Path | None = None,
) -> list[Job]:
    """List what to execute, in the order of the book; nothing is run yet.

    Parameters
    ----------
    names : chapters, as `select` takes them; none means all.
    given : values for every one of these chapters, as words of the shell.
    grid : parameter to its values; all combinations are run.

    Raises
    ------
    ValueError
        A chapter or a parameter does not exist, or a value is not allowed.
    """
    root, jobs = root or book_root(), []
    words = {**{name: [word] for name, word in given.items()}, **(grid or {})}
    for chapter in select(names, root):
        axes = [
            [(name, value) for value in _converted(chapter, name, some, root)]
            for name, some in words.items()
        ]
        for point in itertools.product(*axes):
            values = dict(point)
            check(chapter, values, root, folder=root)
            jobs.append(Job(chapter, values, _folder(values)))
    return jobs


def _converted(chapter: str, name: str, words: Sequence[str], root: Path) -> list[Any]:
    """Words of the shell as values of a parameter, each once."""
    known = parameters.read(chapter, root)
    if name not in known:
        others = [
            other
            for other in notebooks.chapters(root)
            if name in parameters.read(other, root)
        ]
        hint = f"; it is one of {' and '.join(others)}: name that chapter"
        raise ValueError(
            f'{chapter} has no parameter "{name}"'
            f"{hint if others else did_you_mean(name, known)}; it has "
            f"{', '.join(known)}"
        )
    values = []
    for word in words:
        try:
            values.append(convert(word, known[name]))
        except ValueError:
            raise ValueError(
                f'parameter "{name}" of {chapter} must be {known[name].type}, '
                f'such as {known[name].default!r}, not "{word}"'
            ) from None
    return list(dict.fromkeys(values))


def convert(word: str, parameter: parameters.Parameter) -> Any:
    """Read a word of the shell as the type of a parameter.

    Raises
    ------
    ValueError
        It is no value of that type.
    """
    if parameter.type == "bool" and word.lower() in ("true", "false"):
        return word.lower() == "true"
    readers = {"float": float, "int": int, "str": str}
    if reader := readers.get(parameter.type):
        return reader(word)
    raise ValueError(f'"{word}" is not {parameter.type}')


def _folder(values: Mapping[str, Any]) -> str:
    label = ",".join(f"{name}={value}" for name, value in values.items())
    label = urllib.parse.quote(label, safe="=, ")
    if len(label) <= LONGEST:
        return label
    return f"{label[:LONGEST]}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
