"""A process that claims one of some pretend devices, says which, and holds it until its input ends."""

import logging
import sys
from pathlib import Path

from bioloom.train.claim import claimed

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
with claimed(sys.argv[2:], Path(sys.argv[1])) as number:
    print(number, flush=True)
    sys.stdin.read()
