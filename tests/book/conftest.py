"""A small book of three chapters that do nothing wrong."""

from pathlib import Path

import pytest

from tests.book.small_book import GOOD, make_book


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("book")
    return make_book(root, first=GOOD, lstm_cells=GOOD, lstm_layers=GOOD)
