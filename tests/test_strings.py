"""The rule for words in TensorFlow is that of `tokens.words`."""

import subprocess
import sys

import keras
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from helpers import strings, tokens

TEXTS = [
    "It isn't good.<BR /><br>Great cast!",
    "l'été d'O'Brien's a'b'c 'quoted' rock'n'roll ''x'' don’t! 'tis",
    "a\u00a0b\u3000c\x85d\u200de\x00f\tg\nh",
    "映画、好き Жизнь ελλάδα _a_ 12'34 U.S.-made",
    "",
    "'",
]


def words(texts):
    parts = tf.strings.split(strings.spaced(tf.constant(texts)))
    return [[word.decode() for word in row.numpy()] for row in parts]


def test_a_text_is_cut_as_in_python():
    assert words(TEXTS) == [tokens.words(text) for text in TEXTS]


@given(st.text(st.sampled_from("aé映1_'’ .,-<br/>\n\x01\x9f\u200d"), max_size=30))
def test_any_text_is_cut_as_in_python(text):
    assert words([text]) == [tokens.words(text)]


def test_a_letter_and_an_accent_in_two_characters_are_not_joined():
    assert words(["cafe\u0301 noir"]) == [["cafe", "\u0301", "noir"]]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.keras"
    layer = keras.layers.TextVectorization(
        standardize=strings.spaced, vocabulary=["it", "isn't", "good", "."]
    )
    inputs = keras.Input((), dtype="string")
    keras.Model(inputs, layer(inputs)).save(path)
    return path


def test_a_model_with_it_is_loaded_in_another_process(saved):
    program = f"""
import keras, tensorflow as tf
from helpers import strings
print(keras.saving.load_model({str(saved)!r})(tf.constant(["It isn't bad."])).numpy())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[[2 3 1 5]]", done.stderr
