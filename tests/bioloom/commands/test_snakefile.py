from pathlib import Path

from click.testing import CliRunner

import bioloom
from bioloom.cli import main_group


def test_the_command_prints_the_path_of_the_workflow():
    done = CliRunner().invoke(main_group, ["snakefile"])
    assert done.exit_code == 0
    path = Path(done.output.strip())
    assert path == Path(bioloom.snakefile())
    assert path == Path(bioloom.__file__).parents[1] / "workflow" / "Snakefile"
    assert "rule all:" in path.read_text()
