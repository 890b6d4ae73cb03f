"""``bioloom infer``: predict one chunk."""

from __future__ import annotations

from pathlib import Path

import click

from bioloom.cli import read_flag, resolved_options, step, threads_flag, write_flag
from bioloom.settings.config import Config


@step("infer")
@resolved_options
@read_flag("--chunks", "table of the pack's chunks")
@read_flag("--images", "manifest of the pack's images")
@read_flag("--model", "folder of the trained model")
@click.option("--chunk", required=True, help="Which chunk of the table.")
@write_flag("--sums", "the weighted sums of the chunk (.zarr.zip)")
@click.option("--device", default="auto", help="auto, cpu, cuda or cuda:N; a GPU in use is waited for.")
@threads_flag
def command(
    options: Config,
    chunks: Path,
    images: Path,
    model: Path,
    chunk: str,
    sums: Path,
    device: str,
    threads: int,
) -> None:
    """Example: bioloom infer --options results/demo/options/infer.yaml --fingerprint
    results/demo/fingerprint.yaml --chunks results/demo/chunks/test_tile-11.csv --images
    results/demo/images/test_tile-11.csv --model results/demo/models/all --chunk 00000 --sums
    trial/sums/00000.zarr.zip
    """
    from bioloom.infer.open import open_pictures, open_predictor
    from bioloom.infer.predict import predict_chunk
    from bioloom.progress import open_progress
    from bioloom.train.device import claimed_device
    from bioloom.volumes.bundle import write_bundle
    from bioloom.volumes.manifest import read_manifest
    from bioloom.volumes.plans import rows_of_chunk

    rows = rows_of_chunk(chunks, chunk)
    settings = options.infer.model_dump(include={"batch_size", "precision", "orientations", "combine"})
    size, overlap = tuple(options.infer.patch_size), tuple(options.patch.overlap)
    with claimed_device(device) as where:
        predictor, spec = open_predictor(model, **settings, device=where, threads=threads)
        pictures = open_pictures(rows, read_manifest(images), size, overlap, spec)
        arrays = predict_chunk(rows, pictures, predictor, progress=open_progress("infer", "patch"))
    write_bundle(sums, arrays, {"weights": spec.weights})
