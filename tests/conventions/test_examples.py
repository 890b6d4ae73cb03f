"""Every config of config/examples says what it shows, makes its pictures, and passes the check on them."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from bioloom.commands.synthesize import command
from bioloom.preprocess.check import check_run
from bioloom.settings import parse_config
from bioloom.tasks import TASKS

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "config" / "examples").glob("*.yaml"))


def test_every_task_has_an_example():
    assert set(TASKS) <= {path.stem for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_begins_with_what_it_shows_and_how_to_run_it(path):
    text = path.read_text(encoding="utf-8")
    head = re.match(r"(?:#.*\n)+", text)[0]
    assert f"snakemake --cores 2 --configfile config/examples/{path.name}\n" in head
    values = yaml.safe_load(text)
    assert values["run"] == path.stem
    folders = {source["images"].split("/")[0] for source in values["data"].values() if "images" in source}
    assert ("bioloom synthesize" in head) == (folders == {"synthetic"})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_passes_the_check_on_the_pictures_that_its_comments_make(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    for words in re.findall(r"^# *bioloom synthesize (.*)$", path.read_text(), re.MULTILINE):
        done = CliRunner().invoke(command, words.split())
        assert done.exit_code == 0, done.output
    checked = check_run(path, values=True)
    assert checked.mistakes == []
    config = parse_config(yaml.safe_load(path.read_text()))
    assert {seen.sample.split for seen in checked.seen} >= {"train", "val"}
    assert config.data.test is None or any(seen.sample.split == "test" for seen in checked.seen)
