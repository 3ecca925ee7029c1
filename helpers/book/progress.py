"""How far the running chapters are: one line on a terminal, and one as each ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from helpers.book.plans import Job


class Bar:
    """One line on a terminal that says how far all are, and a line as each one ends."""

    current: Bar | None = None

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self.times: dict[int, float] = {}
        self.cells: dict[int, str] = {}

    @staticmethod
    def shown() -> bool:
        return sys.stderr.isatty()

    @staticmethod
    def listen(events: Any) -> None:
        """Show what the processes tell, until this one ends."""
        while True:
            number, cell, total = events.get()
            if Bar.current:
                Bar.current.at(number, cell, total)

    def __enter__(self) -> Bar:
        self.line = tqdm(
            total=len(self.jobs),
            bar_format="{n_fmt}/{total_fmt} chapters, {elapsed}{postfix}",
            disable=not self.shown(),
        )
        Bar.current = self
        return self

    def __exit__(self, *fault: object) -> None:
        Bar.current = None
        self.line.close()

    def started(self, number: int) -> None:
        self.times[number] = time.perf_counter()
        self.line.write(f"started  {self.jobs[number]}")

    def at(self, number: int, cell: int, total: int) -> None:
        self.cells[number] = f"{self.jobs[number]} cell {cell}/{total}"
        self.line.set_postfix_str(", ".join(self.cells.values()))

    def ended(self, number: int, word: str) -> None:
        self.cells.pop(number, None)
        seconds = time.perf_counter() - self.times.get(number, time.perf_counter())
        time_taken = f", {seconds:.0f} s" if number in self.times else ""
        self.line.write(f"{word} {self.jobs[number]}{time_taken}")
        self.line.update()
