"""BioLoom: deep-learning bioimage analysis as a Snakemake workflow of small command-line steps."""

from pathlib import Path

__version__ = "0.1.0"


def snakefile() -> str:
    """Return the path of the workflow, for ``module: snakefile:`` and ``snakemake --snakefile``.

    It is part of an installed BioLoom, and beside the package in the folder of the repository.
    """
    package = Path(__file__).resolve().parent
    places = (package / "_workflow" / "Snakefile", package.parent / "workflow" / "Snakefile")
    return str(next(path for path in places if path.is_file()))
