"""Trains slowly in a folder until the end or a signal: what the tests kill."""

import logging
import sys
from pathlib import Path

from synthetic_training import Discs, loss, options, tiny_net

from bioloom.progress import LogProgress
from bioloom.train.loop import train

if __name__ == "__main__":
    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)
    train(
        tiny_net(),
        loss,
        Discs(slow=0.02),
        options(),
        device="cpu",
        checkpoints=Path(sys.argv[1]),
        progress=LogProgress("train", "step", every=1e-9),
        threads=1,
    )
