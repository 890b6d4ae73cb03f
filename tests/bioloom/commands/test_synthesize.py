import pytest
from click.testing import CliRunner

from bioloom.commands.synthesize import command, kind_of
from bioloom.errors import BioLoomError
from bioloom.synthesize import KINDS
from bioloom.tasks import TASKS


def run(*args):
    """Run the command and return what it says; a mistake is raised."""
    done = CliRunner().invoke(command, list(map(str, args)))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


def test_pictures_are_written_and_counted(tmp_path):
    output = run("nuclei", tmp_path / "a", "--images", 1, "--size", 48)
    assert output == f"wrote 2 images of nuclei to {tmp_path / 'a'}: 48 x 48 voxels of 0.4 x 0.4 um\n"
    assert set(files(tmp_path / "a")) == {
        f"{split}/{kind}/nuclei-000.tif" for split in ("train", "test") for kind in ("images", "labels")
    }


def test_volumes_are_written(tmp_path):
    output = run("tubes", tmp_path, "--images", 1, "--size", 48, "--ndim", 3)
    assert "16 x 48 x 48 voxels of 0.6 x 0.3 x 0.3 um" in output


def test_a_task_is_a_kind(tmp_path):
    run("detection", tmp_path, "--images", 1, "--size", 48)
    assert "test/labels/spots-000.csv" in files(tmp_path)


def test_tasks_have_a_kind_that_holds_what_they_learn_from():
    for name, task in TASKS.items():
        kind, learned = kind_of(name)
        assert learned == task.truth
        assert learned in kind.holds
    assert kind_of("tubes") == (KINDS["tubes"], None)


def test_a_seed_changes_the_pictures(tmp_path):
    for name, seed in (("a", 0), ("b", 1), ("c", 0)):
        run("spots", tmp_path / name, "--images", 1, "--size", 48, "--seed", seed)
    assert files(tmp_path / "a") == files(tmp_path / "c") != files(tmp_path / "b")


def test_pictures_are_replaced_only_if_told(tmp_path):
    run("spots", tmp_path, "--images", 1, "--size", 48)
    before = files(tmp_path)
    with pytest.raises(BioLoomError, match="is not empty"):
        run("spots", tmp_path, "--images", 1, "--size", 48, "--seed", 1)
    assert files(tmp_path) == before
    run("spots", tmp_path, "--images", 1, "--size", 48, "--seed", 1, "--overwrite")
    assert files(tmp_path) != before


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("nucle",), "unknown kind of picture 'nucle'; allowed: .*; fix: did you mean 'nuclei'"),
        (("nuclei", "--size", 12), "--size 12 is too small for nuclei; allowed: 32 or more"),
        (("cells", "--ndim", 3), "--ndim 3: there are no such cells; allowed: 2"),
    ],
)
def test_mistakes_leave_nothing_behind(tmp_path, args, text):
    kind, *flags = args
    with pytest.raises(BioLoomError, match=text):
        run(kind, tmp_path / "new", *flags)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("flags", [("--images", 0), ("--ndim", 4), ("--seed", -1)])
def test_numbers_out_of_range_are_refused(tmp_path, flags):
    assert "is not in the range" in run("nuclei", tmp_path / "new", *flags)
    assert not (tmp_path / "new").exists()
