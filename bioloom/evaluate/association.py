"""Association: which true objects were split, merged or missed, and what was found where there is nothing."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from bioloom.evaluate.comparison import Comparison
from bioloom.evaluate.metric import Counts, Metric, Values, ratio, without_class
from bioloom.evaluate.overlap import Candidates
from bioloom.settings.base import Section

OF_TRUTH = ("one_to_one", "over_segmented", "under_segmented", "many_to_many", "missing")
"""What can become of a true object."""


class AssociationOptions(Section):
    """What became of the true objects: found one to one, split, merged, both, or missed."""

    name: Literal["association"] = "association"
    overlap: float = Field(default=0.5, ge=0, lt=1)
    """Share of the voxels of one of two objects above which the other holds it, from 0 to below 1."""


def count(comparison: Comparison, options: AssociationOptions) -> Counts:
    """Count the true objects by what became of them, and the predicted ones that belong to none.

    A true and a predicted object belong together if their shared voxels are more than `overlap` of the voxels
    of either. With the default one half, every object belongs to where most of it lies, if anywhere. Objects
    that belong together, directly or through others, form a group, and the numbers of true and predicted
    objects in it say what happened.

    The groups are those of Kar et al., PLoS Computational Biology 18, e1009879 (2022); more than half of an
    object as the limit is that of Matula et al., PLoS ONE 10, e0144959 (2015).
    """
    truth, labels = _number_in_group(comparison.pairs, options.overlap)
    of_truth = {
        "one_to_one": truth[(truth == 1) & (labels == 1)].sum(),
        "over_segmented": truth[(truth == 1) & (labels > 1)].sum(),
        "under_segmented": truth[(truth > 1) & (labels == 1)].sum(),
        "many_to_many": truth[(truth > 1) & (labels > 1)].sum(),
        "missing": truth[labels == 0].sum(),
    }
    return without_class(of_truth | {"background": labels[truth == 0].sum(), "predicted": labels.sum()})


def _number_in_group(pairs: Candidates, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how many true and how many predicted objects each group has."""
    # Imported late: whoever only checks options needs no scipy.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    of_truth, of_labels = pairs.truth_voxels[pairs.row], pairs.labels_voxels[pairs.column]
    linked = pairs.shared > limit * np.minimum(of_truth, of_labels)
    row, column = pairs.row[linked], len(pairs.truth) + pairs.column[linked]
    size = len(pairs.truth) + len(pairs.labels)
    graph = coo_array((np.ones(len(row), bool), (row, column)), shape=(size, size))
    groups, group_of = connected_components(graph, directed=False)
    numbers = (np.bincount(part, minlength=groups) for part in np.split(group_of, [len(pairs.truth)]))
    return next(numbers), next(numbers)


def _finish(counts: Values) -> dict[str, float]:
    """Shares of the true objects, of the predicted ones for ``background``; and the counts themselves."""
    truth = sum(counts[name] for name in OF_TRUTH)
    shares = {name: ratio(counts[name], truth) for name in OF_TRUTH}
    shares["background"] = ratio(counts["background"], counts["predicted"])
    return shares | {f"objects_{name}": counts[name] for name in shares}


METRIC = Metric(count=count, finish=_finish)
