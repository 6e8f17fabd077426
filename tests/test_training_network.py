import pytest
import torch

from cmr.labels import Label
from tests.training_support import CONFIG, config, stages
from training.config import read_config
from training.network import build_loss, build_network, build_optimiser, rate_factor

pytestmark = pytest.mark.requirement("NET-01")


def test_shipped_network_has_1_6_million_parameters():
    network = build_network(read_config(CONFIG).network, len(Label))
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(1.6e6, rel=0.05)


def test_four_classes_on_the_same_matrix():
    network = build_network(config().network, len(Label)).eval()
    assert network(torch.zeros(2, 3, 32, 48)).shape == (2, 4, 32, 48)


@pytest.mark.parametrize("name", ["dice", "dice_focal", "dice_ce"])
def test_loss_is_near_0_for_the_truth_and_larger_for_an_error(name):
    loss = build_loss(config(loss={"name": name}).loss)
    labels = torch.randint(0, 4, (2, 1, 16, 16), generator=torch.Generator().manual_seed(0))
    truth = 60 * torch.nn.functional.one_hot(labels[:, 0], 4).permute(0, 3, 1, 2).float() - 30
    assert loss(truth, labels) < 1e-3
    assert loss(truth.roll(1, 1), labels) > 0.9


def test_class_weights_weigh():
    """The logits favour background, so the pixels of class 1 are wrong, the others right."""
    labels = torch.cat([torch.ones(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)]).long()
    logits = torch.zeros(2, 4, 8, 8)
    logits[:, 0] = 2
    plain, wrong_heavy, right_heavy = (
        build_loss(config(loss={"name": "dice_ce", "class_weights": w}).loss)(logits, labels)
        for w in ([1, 1, 1, 1], [1, 9, 1, 1], [9, 1, 1, 1])
    )
    assert wrong_heavy > plain + 0.3
    assert wrong_heavy > right_heavy + 0.3


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)]
)
def test_only_kernels_decay(name, kind):
    settings = config(optimiser={"name": name, "weight_decay": 0.1}).optimiser
    optimiser = build_optimiser(build_network(config().network, len(Label)), settings)
    assert type(optimiser) is kind
    kernels, others = optimiser.param_groups
    assert (kernels["weight_decay"], others["weight_decay"]) == (0.1, 0)
    assert all(p.ndim == 4 for p in kernels["params"])
    assert all(p.ndim == 1 for p in others["params"])


def test_cosine_schedule_by_hand():
    schedule = config(schedule={"name": "cosine", "warm_up_epochs": 2}).schedule
    assert rate_factor(1, 12, schedule) == 0.5
    assert rate_factor(2, 12, schedule) == 1
    assert rate_factor(7, 12, schedule) == pytest.approx(0.5)
    assert rate_factor(12, 12, schedule) == pytest.approx(0)


def test_step_schedule_by_hand():
    schedule = config(
        schedule={"name": "step", "warm_up_epochs": 0, "step_epochs": 3, "step_factor": 0.5}
    ).schedule
    assert [rate_factor(e, 9, schedule) for e in (0, 2.9, 3, 6.5)] == [1, 1, 0.5, 0.25]


def test_each_stage_starts_its_own_schedule():
    run = config(run={"stages": stages(4, 2)}).run
    assert run.epochs == 6
    assert [run.stage_at(e)[1] for e in (0, 3.9, 4, 5.5)] == [0, 3.9, 0, 1.5]
    assert run.stage_at(3.9)[0] is run.stages[0]
    assert run.stage_at(4)[0] is run.stages[1]
    with pytest.raises(ValueError, match="6 epochs"):
        run.stage_at(6)
