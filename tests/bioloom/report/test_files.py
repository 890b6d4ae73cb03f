import ast
import shutil

import pytest

from bioloom.report.files import files, snippet
from bioloom.report.gather import gather


def test_only_files_that_exist_are_listed(run):
    found = gather(run.images("predict_a", truth=False).run, {})
    text = files(found, "predict_a")
    assert "<code>outputs/predict_a.zarr</code>" in text
    assert "labels/predict_a.zarr" not in text
    assert "summary.csv" not in text


@pytest.mark.parametrize("task", ["instance_segmentation", "semantic_segmentation"])
def test_the_snippet_is_python_and_reads_what_a_run_holds(run, task):
    found = gather(run.images("test_a").run, {"task": task})
    tree = ast.parse(snippet(found, "test_a"))
    names = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    paths = [name for name in names if isinstance(name, str) and name.endswith(".zarr")]
    assert paths
    assert all((found.run / path).exists() for path in paths)
    assert ("objects" in names) == (task == "instance_segmentation")


def test_object_tables_are_spoken_of_only_where_there_are_some(run):
    run.images("test_a")
    assert "<code>objects</code>" in files(gather(run.run, {}), "test_a")
    shutil.rmtree(run.run / "objects")
    text = files(gather(run.run, {}), "test_a")
    assert "<code>objects</code>" not in text
    assert "pd.concat" not in text


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("instance_segmentation", "every object with a number of its own"),
        ("semantic_segmentation", "at every pixel the number of its class"),
        ("detection", "the points found"),
    ],
)
def test_the_result_is_called_what_it_is(run, task, words):
    run.images("test_a")
    (run.run / "points").mkdir()
    (run.run / "points/test_a.csv").write_text("axis-0,axis-1,class,score\n1,2,,1\n")
    text = files(gather(run.run, {"task": task}), "test_a")
    results = ("every object with a number of its own", "at every pixel the number", "the points found")
    assert [result for result in results if result in text] == [words.removesuffix(" of its class")]
    assert ("add_points" in text) == (task == "detection")
