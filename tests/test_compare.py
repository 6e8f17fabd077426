import pytest

from tests.conftest import ROOT
from tests.training_support import CONFIG, SMALL, SPLITS
from training.compare import HARDER, read_comparison, runs, table
from training.config import read_config
from training.fit import Folders
from training.splits import read_splits

pytestmark = pytest.mark.requirement("NET-05")


def patients(*dice):
    return {
        f"p{n}": {"as it is": value} | dict.fromkeys(HARDER, value - 0.1)
        for n, value in enumerate(dice)
    }


def test_difference_and_its_interval_worked_by_hand():
    """Differences 1, 2, 3 points: mean 2, SD 1, t(2) = 4.3027: 4.3027 / sqrt(3) = 2.484."""
    shipped, other = table(
        {"as shipped": patients(0.80, 0.90, 0.70), "other": patients(0.81, 0.92, 0.73)}, 8
    )
    assert shipped == {
        "change": "as shipped",
        "patients": 3,
        "epochs": 8,
        "plain": 0.8,
        "harder": 0.7,
    }
    assert other["plain_difference"] == other["harder_difference"] == 0.02
    assert other["plain_ci"] == pytest.approx(0.0248, abs=1e-4)


def test_each_change_of_the_file_is_a_valid_run_of_its_own(tmp_path):
    """Every key exists, every run differs from what is shipped, no two share a folder."""
    comparison = read_comparison(ROOT / "training" / "comparison.yaml")
    shipped = read_config(CONFIG)
    folders = Folders(tmp_path, tmp_path, tmp_path / "runs")
    named = list(runs(comparison, shipped, SMALL, read_splits(), folders))
    assert len(named) == len(comparison.changes) * len(comparison.folds)
    assert len({run.folders.run for _, run in named}) == len(named)
    first = named[0][1].config
    assert named[0][0] == "as shipped"
    assert first.model_dump(exclude={"run"}) == shipped.model_dump(exclude={"run"})
    contents = {run.config.model_dump_json() for _, run in named}
    assert len(contents) == len(named)


def test_runs_are_on_the_folds_that_they_leave_out(tmp_path):
    comparison = read_comparison(ROOT / "training" / "comparison.yaml")
    folders = Folders(tmp_path, tmp_path, tmp_path)
    for _, run in runs(comparison, read_config(CONFIG), SMALL, SPLITS, folders):
        held_out = set(run.splits.held_out(run.config.run.fold))
        assert held_out
        assert not held_out & set(run.splits.training(run.config.run.fold))
