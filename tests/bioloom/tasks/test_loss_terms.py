import subprocess
import sys

import pytest

from bioloom.errors import BioLoomError
from bioloom.losses.options import DiceOptions
from bioloom.tasks.loss_terms import check_class_weights, loss_terms, owned

CHANNELS = ("foreground", "flow-y", "distance", "flow-x")
GROUPED = ("foreground", "classes-0", "classes-1", "classes-5")
EMBEDDED = {
    2: ("embeddings-y", "embeddings-x", "embeddings-width", "embeddings-seed"),
    3: ("embeddings-z", "embeddings-y", "embeddings-x", "embeddings-width", "embeddings-seed"),
}


def test_each_loss_has_the_channels_of_its_target():
    terms = loss_terms(["l1", {"name": "mse", "target": "flow"}, DiceOptions(target="foreground")], CHANNELS)
    assert [(term.name, term.channels) for term in terms] == [
        ("l1", (0, 1, 2, 3)),
        ("mse_flow", (1, 3)),
        ("dice_foreground", (0,)),
    ]
    assert terms[2].options == DiceOptions(target="foreground")


def test_a_part_of_a_name_is_no_target():
    assert owned("fore", CHANNELS) == ()
    assert owned("flow-x", CHANNELS) == (3,)
    assert owned("", CHANNELS) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("losses", "says"),
    [
        (["l1", {"name": "l1", "weight": 2}], "l1 is listed twice; fix: one entry with a larger weight"),
        ([{"name": "l1", "target": "flow"}] * 2, "l1_flow is listed twice"),
        ([{"name": "l1", "target": "flow"}], "no loss for foreground, distance, which would stay untrained"),
        ([], "no loss for foreground, flow-y, distance, flow-x"),
        (["l1", {"name": "mse", "target": "distanse"}], "'distanse', which the model does not learn"),
        (["dise"], "did you mean 'dice'"),
        (["cross_entropy"], "cross_entropy is of one group of classes, not of foreground, flow-y"),
    ],
)
def test_losses_that_do_not_suit_the_channels(losses, says):
    with pytest.raises(BioLoomError, match=says):
        loss_terms(losses, CHANNELS)


def test_a_loss_of_a_group_takes_all_of_it_and_nothing_else():
    group = {"name": "cross_entropy", "target": "classes"}
    terms = loss_terms([group, {"name": "dice", "target": "foreground"}], GROUPED, ("classes",))
    assert terms[0].channels == (1, 2, 3)
    for target in ("", "classes-1", "foreground"):
        with pytest.raises(BioLoomError, match="cross_entropy is of one group of classes"):
            loss_terms(["dice", group | {"target": target}], GROUPED, ("classes",))


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_loss_of_one_target_takes_all_of_it_and_nothing_else(ndim):
    own, loss = EMBEDDED[ndim], {"name": "spatial_embedding"}
    assert loss_terms([loss], own)[0].channels == tuple(range(ndim + 2))
    (_, term) = loss_terms(["dice", loss | {"target": "embeddings"}], ("foreground", *own))
    assert term.channels == tuple(range(1, ndim + 3))
    with pytest.raises(BioLoomError, match=r"of the target embeddings .*, not of foreground.*target: embedd"):
        loss_terms([loss], ("foreground", *own))
    with pytest.raises(BioLoomError, match="not of embeddings-x; fix: target: embeddings"):
        loss_terms(["l1", loss | {"target": "embeddings-x"}], own)
    with pytest.raises(BioLoomError, match=r"fix: add embeddings to train\.targets, or take another loss"):
        loss_terms([loss], CHANNELS[: ndim + 2])


def test_class_weights_are_one_per_channel():
    losses = [{"name": "focal", "target": "classes", "class_weights": [1, 2, 3]}, "dice"]
    assert len(loss_terms(losses, GROUPED, ("classes",))) == 2
    with pytest.raises(BioLoomError, match="class_weights has 3 numbers; allowed: one per class, 4 in all"):
        loss_terms(losses, (*GROUPED, "classes-7"), ("classes",))
    check_class_weights("auto", 3)


def test_it_needs_no_torch():
    code = (
        "from bioloom.tasks.loss_terms import loss_terms; import sys;"
        "loss_terms(['dice', 'l1', {'name': 'cross_entropy', 'target': 'c'}], ['f', 'c-0', 'c-1'], ['c']);"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
