import errno
import logging
import os
import warnings

import click
import pytest

from bioloom import cli
from bioloom.errors import BioLoomError, MistakesError


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `bioloom plan`, whose work is another function; returns exit status and standard error."""
    formatwarning, handlers, level = warnings.formatwarning, logging.root.handlers[:], logging.root.level

    def call(function, *args):
        logging.root.handlers[:] = []  # those of pytest
        command = click.command("plan")(function)
        monkeypatch.setattr(cli.LazyGroup, "get_command", lambda self, ctx, name: command)
        with pytest.raises(SystemExit) as ended:
            cli.main(["plan", *args])
        return ended.value.code or 0, capsys.readouterr().err

    yield call
    logging.captureWarnings(False)
    warnings.formatwarning, logging.root.handlers[:] = formatwarning, handlers
    logging.root.setLevel(level)


def failing(error):
    def function():
        raise error

    return function


def test_a_mistake_of_the_user_is_one_line(run):
    assert run(failing(BioLoomError("got 3", fix="say 2"))) == (1, "bioloom: error: got 3; fix: say 2\n")


def test_several_mistakes_are_lines_of_one_form(run):
    error = MistakesError(["a: wrong", "b: wrong"])
    assert run(failing(error)) == (1, "bioloom: error: a: wrong\nbioloom: error: b: wrong\n")


def test_a_mistake_of_the_program_keeps_its_traceback(run):
    with pytest.raises(ZeroDivisionError):
        run(failing(ZeroDivisionError()))


@pytest.mark.parametrize("number", cli.DISK_ERRORS)
def test_trouble_of_the_disk_is_one_line(run, number):
    code, text = run(failing(OSError(number, os.strerror(number), "a/b.csv")))
    assert (code, text) == (1, f"bioloom: error: a/b.csv: {cli.DISK_ERRORS[number]}\n")


def test_trouble_of_the_disk_behind_another_error(run):
    def function():
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError:
            raise RuntimeError("unexpected pos 704 vs 598")  # noqa: B904 - as PyTorch does

    code, text = run(function)
    assert code == 1
    assert text.startswith("bioloom: error: writing: the disk is full")


def test_other_errors_of_the_system_keep_their_traceback(run):
    with pytest.raises(OSError, match=r"b\.csv"):
        run(failing(OSError(errno.EBADF, "Bad file descriptor", "b.csv")))


def test_tracebacks_on_request(run, monkeypatch):
    monkeypatch.setenv("BIOLOOM_DEBUG", "1")
    with pytest.raises(BioLoomError):
        run(failing(BioLoomError("got 3")))


def test_log_and_warnings_are_single_lines(run):
    def function():
        logging.info("three images")
        logging.warning("one is dark")
        warnings.warn("a value\n  is large", stacklevel=1)

    code, text = run(function)
    assert code == 0
    lines = [line.partition(" ")[2] for line in text.splitlines()]
    assert lines == ["three images", "warning: one is dark", "warning: a value is large"]


def test_a_mistyped_step(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["trian"])
    assert ended.value.code == 2
    assert "No such step 'trian'. did you mean 'train'?" in capsys.readouterr().err


def test_help_lists_the_steps_in_order(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    places = [text.index(f"  {name} ") for name in cli.STEPS]
    assert places == sorted(places)


def test_a_path_that_does_not_exist(tmp_path):
    (tmp_path / "images").mkdir()
    parameter = click.Option(["--images"])
    with pytest.raises(BioLoomError, match=r"--images: there is no .*imags .*did you mean 'images'\?"):
        cli.existing_path.convert(str(tmp_path / "imags"), parameter, None)
    assert cli.existing_path.convert(str(tmp_path / "images"), parameter, None) == tmp_path / "images"


def test_threads_that_wait_sleep_soon_unless_told_otherwise():
    for given, expected in (
        ({}, {"GOMP_SPINCOUNT": "3000"}),
        ({"GOMP_SPINCOUNT": "1"}, {"GOMP_SPINCOUNT": "1"}),
        ({"OMP_WAIT_POLICY": "PASSIVE"}, {"OMP_WAIT_POLICY": "PASSIVE"}),
    ):
        cli._set_up_threads(given)
        assert given == expected


@pytest.mark.parametrize(("text", "number"), [("auto", "auto"), ("0", 0), ("12", 12)])
def test_a_number_or_auto(text, number):
    assert cli.count_or_auto.convert(text, None, None) == number


@pytest.mark.parametrize("text", ["-1", "many", "1.5"])
def test_neither_a_number_nor_auto(text):
    with pytest.raises(click.BadParameter):
        cli.count_or_auto.convert(text, None, None)


@pytest.mark.parametrize("text", ["0", "0.5", "1e300"])
def test_an_amount(text):
    assert cli.amount.convert(text, None, None) == float(text)


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "-inf", "much"])
def test_no_amount(text):
    with pytest.raises(click.BadParameter, match=text):
        cli.amount.convert(text, None, None)


def test_options_that_name_no_task(tmp_path):
    path = tmp_path / "options.yaml"
    path.write_text("{}")
    with pytest.raises(BioLoomError, match=r"options\.yaml: the options name no task; fix: give --options"):
        cli.load_task_options(None, None, path)
    path.write_text("task: detection")
    assert cli.load_task_options(None, None, path).task == "detection"
