"""Measure how long calls take."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

import numpy as np

Name = TypeVar("Name", bound=Hashable)


def median_ms(
    calls: Mapping[Name, Callable[[], Any]], repeats: int
) -> dict[Name, float]:
    """Milliseconds of each call: the median of repeats, one of each call in turn.

    Taking turns, all are disturbed alike by other work on the machine. A first round,
    in which models are compiled, is not counted.

    Introduced in chapter 3.
    """
    found: dict[Name, list[float]] = {name: [] for name in calls}
    for _ in range(1 + repeats):
        for name, call in calls.items():
            found[name].append(1000 * timeit.timeit(call, number=1))
    return {name: float(np.median(spent[1:])) for name, spent in found.items()}
