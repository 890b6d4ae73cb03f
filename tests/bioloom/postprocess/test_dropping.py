from dataclasses import dataclass, replace

import numpy as np

from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.dropping import DropPass
from bioloom.postprocess.labels import Relabel
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes
from bioloom.postprocess.remove_small import AtLeast


@dataclass(frozen=True, kw_only=True)
class DropFirst(DropPass):
    """Drops the object with the lowest number in the first block."""

    def describe(self, labels, block, source):
        return {"here": np.unique(labels[labels > 0])}

    def dropped(self, partials, source):
        return next(iter(partials)).read("here")[:1]


def test_objects_go_before_filters_are_asked():
    prediction = np.zeros((1, 1, 12), np.float32)
    for start, stop in ((0, 2), (3, 4), (5, 9), (10, 12)):
        prediction[0, 0, start:stop] = 1
    terms = dict.fromkeys(("foreground", "seeds", "topography"), "a")
    watershed = {"name": "watershed", **terms, "seed_smoothing": 0}
    passes = compile_passes([watershed], channels=("a",), spacing=(1, 1))[:-1]
    drop = DropFirst(name="2-drop", of=passes[-1].name)
    for filters, expected in (((), [1, 2, 2, 2, 2, 3, 3]), ((AtLeast(2),), [1, 1, 1, 1, 2, 2])):
        step = replace(drop, filters=filters)
        run = [*passes, step, Relabel("last", of=step.name)]
        for tile in ((1, 12), (1, 3)):
            labels = run_in_memory(prediction, run, Layout.cut((1, 12), tile, 1))
            assert labels[labels > 0].tolist() == expected
