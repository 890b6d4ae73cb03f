import re

import pytest
from click.testing import CliRunner

from bioloom.commands.bench import command
from bioloom.commands.benchmarks import growth
from bioloom.commands.benchmarks.bulk import Bulk
from bioloom.commands.benchmarks.bulk_job import STAGES
from bioloom.commands.benchmarks.growth import measure_growth, run_stage

SEEDS = ("postprocess 0-seeds, blocks", "postprocess 0-seeds, merge")

PAGE = """# Page

<!-- generated: memory -->

old

<!-- end -->

kept

<!-- generated: objects -->
<!-- end -->
"""


def test_stages_run_on_every_size_and_make_the_tables():
    stages = ["preprocess", "measure --truth", "stitch, blocks"]
    found = measure_growth((32, 64, 96), (1, 2), stages)
    rows = rows_of(found["memory"])
    assert rows[0] == ["stage", "1x", "8x", "8x over 1x", "MVoxel/s at 8x"]
    assert [row[0] for row in rows[1:]] == stages
    for row in rows[1:]:
        assert all(re.fullmatch(r"\d+ MB", cell) for cell in row[1:3])
        assert float(row[3].strip("*")) > 0
        assert float(row[4]) > 0
    assert "1x: 32x64x96 voxels" in found["memory"]
    assert [row[0] for row in rows_of(found["objects"])[1:]] == ["measure --truth"]


def rows_of(text):
    """Return the cells of a table."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [line for line in lines if set(line[0]) != {"-"}]


@pytest.mark.parametrize(
    ("peaks", "bold"), [((50, 54, 55), False), ((50, 49, 56), True), ((50, 57, 50), True), ((3, 7, 7), False)]
)
def test_what_grows_is_bold(tmp_path, peaks, bold):
    scenes = [Bulk(tmp_path, (32 * n,) * 3, n) for n in (1, 2, 4)]
    found = [{"a": {"memory": float(peak), "seconds": 2.0}} for peak in peaks]
    row = rows_of(growth._memory_text(scenes, found))[1]
    assert row[:4] == ["a", *(f"{peak} MB" for peak in peaks)]
    ratio = f"{peaks[2] / peaks[0]:.2f}"
    assert row[4] == (f"**{ratio}**" if bold else ratio)


def test_the_command_renews_the_tables_of_a_page_and_keeps_the_rest(tmp_path, monkeypatch):
    seen = []

    def measure(smallest, factors):
        seen.append((smallest, factors))
        return {"memory": "new table", "objects": "another"}

    monkeypatch.setattr(growth, "measure_growth", measure)
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    done = CliRunner().invoke(command, [str(page), "--growth"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    text = page.read_text()
    assert "new table" in text
    assert "another" in text
    assert "kept" in text
    assert "old" not in text
    assert seen == [((160, 256, 512), (1, 2, 4))]


def test_every_stage_is_one_of_a_job_of_the_pipeline():
    names = {name.split(",")[0].split()[0] for name in STAGES}
    assert names == {"preprocess", "measure", "stitch", "fit", "postprocess", "evaluate", "export"}


@pytest.mark.slow
def test_memory_does_not_grow_with_the_image(tmp_path):
    """8 times as many voxels. Floods are left out: so small a volume has no block with its whole halo."""
    peaks = {}
    for factor in (1, 2):
        scene = Bulk(tmp_path / str(factor), tuple(n * factor for n in (128, 192, 320)), factor)
        scene.write_raw()
        scene.write_chunks()
        for stage in ("preprocess", "stitch, blocks", "stitch, last job", *SEEDS):
            peaks.setdefault(stage, []).append(run_stage(stage, scene)["memory"])
    for small, large in peaks.values():
        assert large < max(1.2 * small, small + 2 * growth.NOISE), peaks
