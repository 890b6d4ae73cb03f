import logging
import warnings
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from bioloom import cli
from bioloom.commands import profile
from bioloom.commands.profile import PROFILES, command, template
from bioloom.errors import BioLoomError

EVERY = [(name, flag) for name, flags in PROFILES.items() for flag in flags]


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "snakemake"


def run(*args):
    """Run the command and return what it says; a mistake is raised."""
    done = CliRunner().invoke(command, list(map(str, args)))
    if done.exception:
        raise done.exception
    return done.output


def test_profiles_go_where_snakemake_looks(home, monkeypatch, tmp_path):
    from snakemake.cli import get_profile_dir

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("snakemake.common.APPDIRS", None)
    output = run("slurm")
    assert f"wrote {home / 'slurm' / 'config.yaml'}" in output
    assert "snakemake --profile slurm --configfile my.yaml" in output
    assert get_profile_dir("slurm")[1] == home / "slurm" / "config.yaml"
    assert (home / "slurm/config.yaml").read_text() == template("slurm").read_text()


@pytest.mark.parametrize(("name", "flag"), EVERY)
def test_a_flag_fills_in_its_line_and_no_other(tmp_path, name, flag):
    value = 7 if flag == "gpus" else "007"
    more = () if name == "slurm" else ("--gpus", 7)
    run(name, "--to", tmp_path, f"--{flag.replace('_', '-')}", value, *more)
    found = (tmp_path / "config.yaml").read_text()
    section, key = PROFILES[name][flag]
    values = yaml.safe_load(found)[section]
    for place in [values] if key in values else [values["train"], values["infer"]]:
        assert place[key] == value  # text stays text: an account may be made of digits
    before = template(name).read_text().splitlines()
    changed = [line for line in found.splitlines() if line not in before]
    assert len(changed) == 1
    assert "<-" in changed[0]


def test_all_flags_together(tmp_path):
    run("slurm", "--to", tmp_path, "--account", "lab", "--partition", "no", "--gpu-partition", "a100,h100")
    found = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert found["default-resources"]["slurm_account"] == "lab"
    assert found["default-resources"]["slurm_partition"] == "no"
    assert found["set-resources"]["train"]["slurm_partition"] == "a100,h100"


def test_gpus_are_counted(tmp_path, monkeypatch):
    for number in range(3):
        (tmp_path / "driver" / f"0000:0{number}:00.0").mkdir(parents=True)
    monkeypatch.setattr(profile, "NVIDIA", tmp_path / "driver")
    assert f"snakemake --profile {tmp_path}" in run("gpu", "--to", tmp_path)
    assert yaml.safe_load((tmp_path / "config.yaml").read_text())["resources"] == {"gpu": 3}


def test_the_plugin_is_asked_for_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(profile, "find_spec", lambda name: None)
    assert "pip install 'bioloom[slurm]'" in run("slurm", "--to", tmp_path)
    monkeypatch.setattr(profile, "find_spec", lambda name: object())
    assert "pip install" not in run("slurm", "--to", tmp_path)


def test_another_profile_is_not_replaced_unasked(tmp_path):
    run("slurm", "--to", tmp_path)
    run("slurm", "--to", tmp_path)  # the same again is no loss
    path = tmp_path / "config.yaml"
    for other in (b"jobs: 3\n", b"\xff\x00"):  # the second is no text at all
        path.write_bytes(other)
        with pytest.raises(BioLoomError, match=r"config\.yaml says something else; fix: edit it, or replace"):
            run("slurm", "--to", tmp_path)
        assert path.read_bytes() == other
    run("slurm", "--to", tmp_path, "--force")
    assert path.read_text() == template("slurm").read_text()


def test_mistakes(tmp_path):
    with pytest.raises(BioLoomError, match="unknown profile 'slrum'; allowed: slurm, gpu; fix: did you mean"):
        run("slrum")
    with pytest.raises(BioLoomError, match="--gpus means nothing in the profile 'slurm'; allowed: --account"):
        run("slurm", "--gpus", 2, "--to", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_gpus(tmp_path, monkeypatch):
    monkeypatch.setattr(profile, "NVIDIA", tmp_path / "none")
    with pytest.raises(BioLoomError, match="no GPU; fix: say how many it has with --gpus"):
        run("gpu", "--to", tmp_path)


@pytest.fixture
def main(capsys):
    """Runs `bioloom ARGS` and returns the lines of its standard error."""
    formatwarning, handlers = warnings.formatwarning, logging.root.handlers[:]

    def call(*args):
        with pytest.raises(SystemExit) as ended:
            cli.main(list(map(str, args)))
        assert ended.value.code == 1
        return capsys.readouterr().err.splitlines()

    yield call
    logging.captureWarnings(False)
    warnings.formatwarning, logging.root.handlers[:] = formatwarning, handlers


def test_places_that_cannot_be_written_to(main, tmp_path):
    (tmp_path / "file").touch()
    (line,) = main("profile", "slurm", "--to", tmp_path / "file")
    assert line.endswith("a file lies where a folder is needed; move it, or choose another place")
    (line,) = main("profile", "slurm", "--to", "/sys/bioloom")  # not even root may
    assert line.startswith("bioloom: error: /sys/bioloom")
    assert line.endswith("choose a folder that you may write to")


def test_the_command_line_knows_it():
    assert cli.main_group.get_command(click.Context(cli.main_group), "profile") is command
    assert Path(profile.__file__).stem in cli.COMMANDS
