"""Print how many cells each network found in each image: ``compare.py MANIFEST MANIFEST``."""

import sys
from pathlib import Path

import pandas as pd
import zarr

counts = {}
for manifest in map(Path, sys.argv[1:]):
    network = manifest.parts[0]
    for row in pd.read_csv(manifest).itertuples():
        # the path of a store counts from the folder of its manifest; level 0 is the full resolution
        labels = zarr.open_array(manifest.parent / row.path / "0", mode="r")
        counts[row.image, network] = int(labels[:].max())
table = pd.Series(counts).unstack()
print(table.to_csv(index_label="image"), end="")
