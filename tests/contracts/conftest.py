"""Lets the tests of this folder share the module `crowds`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
