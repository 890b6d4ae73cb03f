"""What each step writes in the run of `conftest`, as paths from its folder."""

WRITES = {
    "preprocess": ["images/test_d.csv", "images/test_d.zarr", "labels/test_d.csv", "labels/test_d.zarr"],
    "measure": ["truth/test_d.csv"],
    "fingerprint": ["fingerprint.yaml"],
    "patch": ["patches/train.csv"],
    "train": ["models/all"],
    "plan": ["chunks/test_d.csv", "blocks/test_d.csv"],
    "infer": ["chunks/test_d/00000.zarr.zip"],
    "stitch": ["predictions/test_d.csv", "predictions/test_d.zarr"],
    "fit": ["calibration.yaml"],
    "postprocess": ["outputs/test_d.csv", "outputs/test_d.zarr"],
    "evaluate": ["metrics/test_d.csv"],
    "report": ["metrics.csv", "summary.csv", "report.html", "figures"],
    "export": ["exports/test_d.csv", "exports/test_d.tif"],
}
