"""BioLoom: deep-learning bioimage analysis as a Snakemake workflow of small command-line steps."""

__version__ = "0.1.0"
