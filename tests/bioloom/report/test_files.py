import ast

from bioloom.report.files import SNIPPET, files
from bioloom.report.gather import gather


def test_only_files_that_exist_are_listed(run):
    found = gather(run.images("predict_a", truth=False).run, {})
    text = files(found, "predict_a")
    assert "<code>outputs/predict_a.zarr</code>" in text
    assert "labels/predict_a.zarr" not in text
    assert "summary.csv" not in text


def test_the_snippet_is_python_and_reads_what_a_run_holds(run):
    found = gather(run.images("test_a").run, {})
    ast.parse(SNIPPET.format(image="test_a"))
    names = [
        node.value
        for node in ast.walk(ast.parse(SNIPPET.format(image="test_a")))
        if isinstance(node, ast.Constant)
    ]
    paths = [name for name in names if isinstance(name, str) and name.endswith(".zarr")]
    assert paths
    assert all((found.run / path).exists() for path in paths)
