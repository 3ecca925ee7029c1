"""What a chapter measured: record metrics, time sections, write the result file."""

from __future__ import annotations

import importlib.metadata
import json
import math
import operator
import os
import platform
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from helpers.files import book_root, write_text
from helpers.values import check

if TYPE_CHECKING:
    import pandas as pd

OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


def holds(claim: str, metrics: Mapping[str, Sequence[float]]) -> bool:
    """Say whether a claim about recorded metrics is true, comparing means over seeds.

    Parameters
    ----------
    claim : "key OP number" or "key OP key", with OP one of < <= > >= ==.
    metrics : key to one figure a seed.

    Raises
    ------
    ValueError
        The claim cannot be read, or names a metric that was not recorded.
    """
    parts = claim.split()
    if len(parts) != 3 or parts[1] not in OPERATORS:
        raise ValueError(
            f'a claim reads "key OP number" or "key OP key" with OP one of '
            f'{" ".join(OPERATORS)}, not "{claim}"'
        )

    def value(word: str) -> float:
        if word in metrics:
            return fmean(metrics[word])
        try:
            return float(word)
        except ValueError:
            raise ValueError(
                f'the claim "{claim}" names "{word}", which was not recorded; '
                f"recorded are {', '.join(sorted(metrics)) or 'no metrics'}"
            ) from None

    return OPERATORS[parts[1]](value(parts[0]), value(parts[2]))


class Results:
    """The figures one run of a chapter produces, and the file they are written to.

    Parameters
    ----------
    chapter : file stem of the chapter, such as "01_rnn_basics".
    parameters : every value of the parameters cell, `profile` among them.

    Raises
    ------
    ValueError
        A value is not what the parameters cell allows, or the profile is missing.
    OSError
        No folder can be written to: the figures would be lost at the end.

    Introduced in chapter 1.
    """

    def __init__(self, chapter: str, **values: Any) -> None:
        check(chapter, values)
        if "profile" not in values:
            raise ValueError(f"the results of {chapter} need profile=profile")
        self.chapter = chapter
        self.parameters = values
        self.metrics: dict[str, list[float]] = {}
        self.folder = _folder()
        self._started = time.perf_counter()

    def record(self, key: str, value: float) -> None:
        """Add one figure, to 12 digits, to a metric; call once a seed.

        The digits beyond hang on where LAPACK's arrays lie in memory.

        Raises
        ------
        ValueError
            The key is not lower-case words joined by "/", or the value not finite.
        """
        if not re.fullmatch(r"[a-z0-9_]+(/[a-z0-9_]+)+", key):
            raise ValueError(
                f'a metric key is lower-case words joined by "/", such as '
                f'"one_step/lstm/mse", not "{key}"'
            )
        if not math.isfinite(value):
            raise ValueError(f"{key} is {value}: the run diverged, nothing is recorded")
        self.metrics.setdefault(key, []).append(float(f"{value:.12g}"))

    @contextmanager
    def timed(self, key: str) -> Iterator[None]:
        """Measure the wall-clock seconds of a block and record them as key/seconds.

        Or of each call of a function: `train = results.timed("a/b")(train)`.
        """
        started = time.perf_counter()
        yield
        self.record(f"{key}/seconds", time.perf_counter() - started)

    def write(self, claims: Sequence[str] = ()) -> None:
        """Write the result file; in the full profile say of each claim if it holds.

        Raises
        ------
        ValueError
            A claim cannot be read, or names a metric that was not recorded.
        """
        outcome = {claim: holds(claim, self.metrics) for claim in claims}
        content = {
            "chapter": self.chapter,
            "profile": self.parameters["profile"],
            "parameters": self.parameters,
            "metrics": dict(sorted(self.metrics.items())),
            "claims": list(claims),
            "seconds": {
                "total": round(time.perf_counter() - self._started, 2),
                "processor": round(time.process_time(), 2),
            },
            "peak_rss_mb": peak_rss_mb(),
            "environment": environment(),
        }
        path = self.folder / f"{self.chapter}.json"
        write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")
        figures = sum(len(values) for values in self.metrics.values())
        print(f"{figures} figures written to {_short(path)}", end="")
        if self.parameters["profile"] == "full":
            for claim, true in outcome.items():
                print(f"\n{'holds' if true else 'FAILS'}: {claim}", end="")
        print()


def _folder() -> Path:
    """Where results go: $UNROLLED_RESULTS, else the book's `_build/results`, else here.

    It is tried now: what cannot be written at the end need not be trained.
    """
    named = os.environ.get("UNROLLED_RESULTS")
    places = [Path(named)] if named else [book_root() / "_build" / "results", Path()]
    faults = []
    for place in places:
        try:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError as fault:
            faults.append(f"{place.absolute()}: {fault.strerror}")
            continue
        if faults:
            print(f"Results go to {place.absolute()} (not {faults[0]})")
        return place.absolute()
    raise OSError(
        f"results cannot be written ({'; '.join(faults)}); name a folder in "
        "UNROLLED_RESULTS"
    )


def _short(path: Path) -> str:
    """A path from here; its name where the user has named its folder."""
    if os.environ.get("UNROLLED_RESULTS"):
        return path.name
    here = Path().absolute()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def summary(figures: Mapping[str, Sequence[float]], form: str = "{:,.0f}") -> pd.Series:
    """Write the mean of each list, "± sd" behind it where it holds several figures.

    Parameters
    ----------
    figures : name to one figure a run.
    form : how a figure is written, such as "{:.5f}".

    Returns
    -------
    One text a name; the deviation is that of a sample, and a run that failed shows as
    nan.

    Introduced in chapter 2.
    """
    import numpy as np
    import pandas as pd

    rows = {}
    for name, values in figures.items():
        rows[name] = form.format(np.mean(values))
        if len(values) > 1:
            rows[name] += " ± " + form.format(np.std(values, ddof=1))
    return pd.Series(rows)


def environment() -> dict[str, str]:
    """Versions and hardware of this run, as strings."""
    from helpers.runtime import device

    names = ("tensorflow", "keras", "numpy")
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in names},
        "device": device(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def peak_rss_mb() -> int:
    """Largest resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
