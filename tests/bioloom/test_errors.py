import pytest

from bioloom.errors import BioLoomError, MistakesError, did_you_mean


def test_an_error_is_one_line():
    assert str(BioLoomError("a.csv is empty")) == "a.csv is empty"
    error = BioLoomError("got 3", allowed="1 or 2", fix="say 2")
    assert str(error) == "got 3; allowed: 1 or 2; fix: say 2"
    assert str(BioLoomError("a\n  parser's\n\ntext\n", fix="copy it")) == "a parser's text; fix: copy it"


def test_names_with_several_spaces_stay():
    assert str(BioLoomError("my  image.tif")) == "my  image.tif"


def test_several_mistakes_are_several_lines():
    error = MistakesError(["a: wrong", "b: wrong\n  too"])
    assert isinstance(error, BioLoomError)
    assert error.lines == ("a: wrong", "b: wrong too")
    assert str(error) == "a: wrong\nb: wrong too"


@pytest.mark.parametrize(
    ("word", "hint"), [("trian", "did you mean 'train'?"), ("zebra", ""), ("train", "did you mean 'train'?")]
)
def test_the_nearest_word(word, hint):
    assert did_you_mean(word, ["train", "test"]) == hint
