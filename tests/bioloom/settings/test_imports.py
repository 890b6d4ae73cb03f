import subprocess
import sys

HEAVY = ("torch", "zarr", "skimage", "scipy", "matplotlib", "numpy", "pandas", "snakemake")


def test_the_config_is_checked_without_heavy_libraries():
    """Every job parses the Snakefile again, which imports the settings."""
    code = f"import sys, bioloom.settings; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_checking_plugins_imports_no_torch():
    code = (
        "import sys; from bioloom.settings import parse_options\n"
        "parse_options({'model': 'unet', 'augment': ['flip'], 'train': {'losses': ['dice']}})\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
