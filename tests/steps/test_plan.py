"""`bioloom plan --explain`: what it prints are the numbers of the tables, and it writes none unasked."""

import csv
import re

import pytest
import yaml


@pytest.fixture
def explained(bioloom, line_of):
    """Return the command line of `plan --explain`, without the tables."""
    name, *args = line_of("plan")
    kept = [
        word
        for flag in zip(args[::2], args[1::2], strict=True)
        if flag[0] not in ("--chunks", "--blocks")
        for word in flag
    ]
    return [name, *kept, "--explain"]


def test_nothing_is_written_unasked(bioloom, run, explained, contents):
    before = contents(run)
    done = bioloom(*explained)
    assert done.code == 0
    assert re.search(r"^test_d +64 x 64 +3 x 3 = 9 +1 +1 ", done.out, re.MULTILINE)
    assert "sums of 4 targets x 4 bytes: up to 65.5 kB a chunk" in done.out
    assert "one of postprocess with 4 passes" in done.out  # those of the task
    assert re.search(r"infer \d+ MB and the network", done.out)
    assert contents(run) == before


def test_the_tables_may_be_written_as_well(bioloom, run, line_of, explained, contents):
    before = contents(run)
    for table in ("chunks", "blocks"):
        (run / table / "test_d.csv").unlink()
    done = bioloom(*line_of("plan"), "--explain")
    assert done.out == bioloom(*explained).out
    assert contents(run) == before


def test_the_numbers_are_those_of_the_tables(bioloom, run, line_of, tmp_path, config):
    # patches at -4, 20 and 36 along both axes
    config["infer"] = {"patch_size": [32, 32], "chunk": [2, 1], "block": [256, 256], "halo": [3, 3]}
    config["postprocess"] = [config["postprocess"][0], "fill_holes", "fill_holes"]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    tables = {name: tmp_path / f"{name}.csv" for name in ("chunks", "blocks")}
    out = bioloom(*line_of("plan", options=tmp_path / "config.yaml", **tables), "--explain").out
    with tables["chunks"].open() as file:
        rows = list(csv.DictReader(file))
    corners = [[tuple(map(int, row[key].split("x"))) for key in ("start", "stop")] for row in rows]
    sizes = [16 * (stop[0] - start[0]) * (stop[1] - start[1]) for start, stop in corners]
    assert len({row["chunk"] for row in rows}) == 6
    assert "infer 6, stitch 1, postprocess 1" in out
    assert f"up to {max(sizes) / 1000:.3g} kB a chunk, {sum(sizes) / 1000:.3g} kB in all" in out
    # the whole config tells operations, halo and network
    assert "one of postprocess with 5 passes" in out
    assert "seen with a halo of 3" in out
    assert "the network" not in out


def test_a_whole_config_is_put_in_the_order_of_its_axes(bioloom, run, line_of, tmp_path, config):
    config["data"]["axes"] = "XY"
    config["patch"] = {"size": [64, 32], "overlap": [16, 8]}
    config["infer"] = {"patch_size": [64, 32], "chunk": [1, 2]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    tables = {name: tmp_path / f"{name}.csv" for name in ("chunks", "blocks")}
    out = bioloom(*line_of("plan", options=tmp_path / "config.yaml", **tables), "--explain").out
    assert "patches  32 x 64 voxels, overlap 8 x 16" in out
    assert "up to 2 x 1 = 2 patches" in out


def test_neither_tables_nor_an_explanation(bioloom, explained):
    done = bioloom(*explained[:-1])
    assert done.code == 2
    assert "give --chunks and --blocks, or --explain" in done.err


@pytest.mark.parametrize("more", [[], ["--explain"]], ids=["tables", "explain"])
def test_a_manifest_without_images(refused, run, line_of, contents, more):
    path = run / "images" / "test_d.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    before = contents(run)
    assert f"the manifest {path} lists no image" in refused(*line_of("plan"), *more)
    assert contents(run) == before


def test_options_that_name_no_task(refused, run, explained):
    path = run / "options" / "plan.yaml"
    options = yaml.safe_load(path.read_text())
    del options["task"]
    path.write_text(yaml.safe_dump(options))
    assert "the options name no task; fix: give the config of the run as --options" in refused(*explained)
