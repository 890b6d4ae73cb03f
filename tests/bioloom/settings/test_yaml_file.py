import pytest

from bioloom.errors import BioLoomError
from bioloom.settings.yaml_file import dump_yaml, read_yaml


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "line 3: "),
        ("a: 1\n\tb: 2\n", "line 2: .*fix: indent with spaces"),
        ("a: 1\nb: 2\na: 3\n", "line 3: key 'a' stands twice"),
        ("b:\n  c: 1\n  c: 1\n", "line 3: key 'c' stands twice"),
        ("- 1\n- 2\n", "got a list; allowed: a mapping"),
        ("text", "got a str"),
        ("a: !!python/object:os.system {}\n", "line 1: could not determine a constructor"),
        ("a: \x00", "special characters"),
    ],
)
def test_wrong_files_are_named_with_the_line(tmp_path, text, message):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(BioLoomError, match=f"^{path}: .*{message}"):
        read_yaml(path)


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    with pytest.raises(BioLoomError, match="UTF-8"):
        read_yaml(tmp_path / "latin.yaml")
    with pytest.raises(BioLoomError, match="no such file"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(BioLoomError, match="cannot be read"):
        read_yaml(tmp_path)


def test_an_empty_file_is_an_empty_mapping(tmp_path):
    (tmp_path / "c.yaml").write_text("# nothing\n")
    assert read_yaml(tmp_path / "c.yaml") == {}


def test_merged_keys_are_allowed(tmp_path):
    (tmp_path / "c.yaml").write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\n")
    assert read_yaml(tmp_path / "c.yaml")["b"] == {"x": 1, "y": 2}


def test_dumped_values_are_read_back(tmp_path):
    shared = [1, 2.5, 1e-5]
    values = {
        "b": shared,
        "a": {"x": shared, "y": None, "z": "µm: yes"},
        "c": [{"d": [1]}],
        "e": "1e-3",
        "f": True,
    }
    text = dump_yaml(values)
    (tmp_path / "c.yaml").write_text(text)
    assert read_yaml(tmp_path / "c.yaml") == values
    assert text == dump_yaml(read_yaml(tmp_path / "c.yaml"))
    assert text.startswith("b: [1, 2.5, 1.0e-05]\na:\n")
    assert "&" not in text
