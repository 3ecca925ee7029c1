"""Trained weights of a model in a small file, with what there is to know of them."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np

from helpers import fetch


def save(path: str | Path, model: keras.Model, **about: Any) -> None:
    """Write the trainable weights of a model to a file, whole or not at all.

    Numbers are kept as float16: three digits. The same input gives the same bytes.
    States of stateful layers and of the optimizer are left out.

    Parameters
    ----------
    path : file to write, such as data/pretrained/NAME.npz; its folder is made.
    model : a built model.
    about : facts to keep with it (characters, sizes, history), anything that JSON can
        hold.

    Raises
    ------
    ValueError
        A weight is no number that float16 can hold; the message names it.
    OSError
        The folder cannot be made or written to.

    Introduced in chapter 9.
    """
    path = Path(path)
    text = json.dumps(about, ensure_ascii=False, sort_keys=True)
    arrays = {"about": np.frombuffer(text.encode(), np.uint8)}
    for place, weight in enumerate(model.trainable_weights):
        with np.errstate(over="ignore"):
            small = np.asarray(weight).astype("<f2")
        if not np.isfinite(small).all():
            raise ValueError(
                f"{weight.path} of {model.name} holds a number that float16 cannot: "
                "NaN, or one above 65,504"
            )
        arrays[f"weight_{place}"] = small
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def about(path: str | Path) -> dict[str, Any]:
    """The facts that were kept with weights: what a model needs to be built for them.

    Raises
    ------
    fetch.DataError
        There is no such file, it cannot be read, or it is damaged.

    Introduced in chapter 9.
    """
    return _read(Path(path))[0]


def load(path: str | Path, model: keras.Model) -> dict[str, Any]:
    """Give a built model the weights of a file that `save` wrote; return their facts.

    The batch size and whether layers are stateful may differ.

    Raises
    ------
    fetch.DataError
        There is no such file, it cannot be read, or it is damaged.
    ValueError
        The model is not built like the one that was saved; the message says where,
        and the model stays as it was.

    Introduced in chapter 9.
    """
    facts, arrays = _read(Path(path))
    mine = model.trainable_weights
    built = f"{model.name} is not built like the model of {Path(path).name}: it"
    if len(mine) != len(arrays):
        raise ValueError(f"{built} has {len(mine)} weights, the file {len(arrays)}")
    for weight, array in zip(mine, arrays, strict=True):
        if tuple(weight.shape) != array.shape:
            raise ValueError(
                f"{built} has {weight.path} of the shape {tuple(weight.shape)}, the "
                f"file {array.shape}"
            )
    for weight, array in zip(mine, arrays, strict=True):
        weight.assign(array.astype(np.float32))
    return facts


def _read(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    if not path.is_file():
        raise fetch.DataError(
            f"There is no file {path}. The book's models come with it: fetch the book "
            "again, or write the file anew with `weights.save`."
        )
    try:
        with zipfile.ZipFile(path):  # np.load would take other files for a pickle
            pass
        with np.load(path, allow_pickle=False) as file:
            names = [f"weight_{place}" for place in range(len(file.files) - 1)]
            facts = json.loads(bytes(file["about"]))
            return facts, [file[name] for name in names]
    except OSError as error:
        raise fetch.DataError(f"{path} cannot be read: {error.strerror}.") from None
    except (*fetch.UNREADABLE, NotImplementedError) as error:
        raise fetch.DataError(
            f"{path} is damaged, or no file of weights: "
            f"{error or type(error).__name__}. Fetch the book again, or write the file "
            "anew with `weights.save`."
        ) from None
