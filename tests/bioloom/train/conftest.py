"""Lets tests, and the processes that they start, import `synthetic_training`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
