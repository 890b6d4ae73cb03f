import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from bioloom.commands.bench import command
from bioloom.errors import BioLoomError

DATA = Path(__file__).parents[2] / "data" / "nuclei2d"
SECTIONS = {
    "Start-up": ["`bioloom --help`", "`snakemake -n` of the demo"],
    "Training and inference": ["training step", "inference"],
    "Feeding the training": [
        f"{name}: {what}"
        for name in ("the demo's training", "the network above")
        for what in ("waiting for data", "step", "making a batch")
    ],
    "Before and after the network": [
        "preprocess, large image",
        "preprocess, peak memory for the large image",
        "random crops of 256x256 from the store",
        "stitch, large image",
        "stitch, peak memory for the large image",
        "postprocess, large image",
        "postprocess, peak memory for the large image",
        "postprocess in blocks, small image",
    ],
}
GOALS = {
    "`bioloom --help`",
    "training step",
    "the demo's training: waiting for data",
    "the network above: waiting for data",
    "stitch, peak memory for the large image",
    "postprocess, peak memory for the large image",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a quick run on a tiny training with the bundled tiles."""
    folder = tmp_path_factory.mktemp("bench")
    sources = {
        split: {part: str(DATA / split / part) for part in ("images", "labels")}
        for split in ("train", "test")
    }
    config = {
        "run": "tiny",
        "task": "instance_segmentation",
        "data": sources,
        "patch": {"size": [32, 32]},
        "model": {"name": "residual_unet", "feature_maps": [2, 4]},
        "train": {"steps": 4, "batch_size": 2},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    arguments = [str(folder / "page.md"), "--config", str(folder / "config.yaml"), "--quick"]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return (folder / "page.md").read_text()


def tables(page):
    """Return the rows of every section's table."""
    found = {}
    for section in page.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
        found[title] = [[cell.strip() for cell in row] for row in rows[1:] if set(row[0]) != {"-"}]
    return found


def test_every_measurement_has_its_row(page):
    found = tables(page)
    assert list(found) == list(SECTIONS)
    for title, names in SECTIONS.items():
        assert [row[0] for row in found[title]] == names


def test_rows_hold_numbers_with_units_and_a_verdict_where_there_is_a_goal(page):
    for line in page.splitlines():
        if line.startswith("| ") and "---" not in line and "compared with" not in line:
            name, value, _, ratio, goal = (cell.strip() for cell in line.strip("|").split("|"))
            assert re.match(r"-?[\d.e+]+ \S", value), line
            assert float(ratio) > 0 or name.endswith("waiting for data") or "memory" in name, line
            assert goal.endswith(("reached", "**missed**")) == (name in GOALS), line


def test_the_page_says_where_the_time_goes_and_on_which_machine_but_not_whose(page):
    assert re.search(r"profile of one\): [a-z ]+ \d+ %, ", page)
    assert re.search(r"Machine: .+, \d+ cores, \d+ GiB", page)
    assert "torch 2" in page
    assert "/" not in re.sub(r"https?://\S+|MB/s|MVoxel/s", "", page)


def test_growth_needs_its_page(tmp_path):
    with pytest.raises(
        BioLoomError, match=r"there is no page .*page\.md to renew; fix: give docs/scaling\.md"
    ):
        CliRunner().invoke(command, [str(tmp_path / "page.md"), "--growth"], catch_exceptions=False)
