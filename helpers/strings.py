"""The rule by which texts are cut into words, in TensorFlow: part of a saved model."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

LETTER = r"[\pL\pN_]"


@keras.saving.register_keras_serializable("unrolled")
def spaced(texts: Any) -> tf.Tensor:
    """Set the words of texts apart by blanks; cut there, they are `tokens.words`.

    As `standardize` of `TextVectorization` it makes a model that takes raw strings.
    Import this module before you load such a model. Not done here: a letter and an
    accent that are two characters stay two.

    Parameters
    ----------
    texts : strings in UTF-8, a tensor of any shape.

    Returns
    -------
    The texts in small letters, of the same shape.

    Introduced in chapter 10.
    """
    texts = tf.strings.regex_replace(texts, r"[\x00-\x1f\x7f-\x{9f}]", " ")
    texts = tf.strings.lower(texts, encoding="utf-8")  # would end at a NUL
    for old, new in (
        ("’", "'"),
        (r"<br */?>", " "),
        (rf"({LETTER})'({LETTER})", "\\1\x01\\2"),  # a word goes on behind it
        (rf"({LETTER})'({LETTER})", "\\1\x01\\2"),  # and after a single letter again
        (r"([^\pL\pN_\s\x01])", r" \1 "),
        ("\x01", "'"),
        (r"\pZ+", " "),
    ):
        texts = tf.strings.regex_replace(texts, old, new)
    return texts
