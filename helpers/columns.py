"""A column of a file, whose errors say where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Column:
    """The cells of one column: text without blanks around it, by its row in the file.

    Introduced in chapter 5.
    """

    file: str
    name: str
    text: pd.Series
    advice: str = ""

    def wrong(self, row: int, what: str) -> ValueError:
        """An error that names file, row and column."""
        return ValueError(f'{self.file}, row {row}, column "{self.name}": {what}')


def shown(text: str) -> str:
    """A cell as an error quotes it."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def listed(names: Sequence[str], at_most: int = 12) -> str:
    """Names as an error lists them."""
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return ", ".join(map(shown, names[:at_most])) + more


def first_row(which: pd.Series) -> int:
    """The row in the file of the first True."""
    return int(which.index.to_numpy()[np.argmax(which)])


def day(date: pd.Timestamp) -> str:
    """A date as an error names it: without the time of day at midnight."""
    return str(date).removesuffix(" 00:00:00")
