"""The report holds to the packs that it is given."""

import shutil


def test_what_other_versions_left_behind_is_not_reported(bioloom, run, line_of):
    for folder in ("images", "outputs", "labels"):
        shutil.copytree(run / folder / "test_d.zarr", run / folder / "test_gone.zarr")
    packs = [f"--pack={pack}" for pack in ("train_a", "train_b", "val_c", "test_d")]
    assert bioloom(*line_of("report")).code == 0
    assert "2 test" in (run / "report.html").read_text()
    assert bioloom(*line_of("report"), *packs).code == 0
    page = (run / "report.html").read_text()
    assert "1 test" in page
    assert "test_gone" not in page
    assert "Objects in the ground truth" in page


def test_scores_of_other_versions_are_not_reported(bioloom, run, line_of):
    args = [arg for arg in line_of("report") if arg != "test_d"]
    assert (run / "metrics.csv").is_file()
    assert bioloom(*args, "--pack=test_d").code == 0
    page = (run / "report.html").read_text()
    assert "no ground truth" in page
    assert "Objects in the ground truth" not in page


def test_a_pack_that_is_not_there(refused, line_of):
    assert "images/test_z.csv" in refused(*line_of("report"), "--pack=test_z")
