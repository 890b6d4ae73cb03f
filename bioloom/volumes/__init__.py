"""The canonical OME-Zarr store, the tables and manifests beside it, and the readers of foreign files."""
