"""Integer geometry: boxes, the grids of patches, chunks and blocks, and the weights that blend patches."""
