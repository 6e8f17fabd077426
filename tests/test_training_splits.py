from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.cases import read_groups
from training.splits import draw_splits, read_splits

pytestmark = pytest.mark.requirement("NET-03")

SPLITS = read_splits()


def test_no_kept_out_patient_is_in_any_fold():
    assert len(SPLITS.test) == len(set(SPLITS.test)) == 16
    in_folds = [p for fold in SPLITS.folds for p in fold]
    assert len(in_folds) == len(set(in_folds)) == 64
    assert not set(SPLITS.test) & set(in_folds)


@pytest.mark.parametrize("fold", range(5))
def test_nobody_trains_and_validates_in_one_fold(fold):
    training = set(SPLITS.training(fold))
    assert training | set(SPLITS.folds[fold]) == {p for f in SPLITS.folds for p in f}
    assert not training & (set(SPLITS.folds[fold]) | set(SPLITS.test))


@pytest.mark.real_data
def test_groups_are_balanced_and_everyone_has_a_place(acdc):
    groups = read_groups(acdc)
    assert set(groups) == {*SPLITS.test, *(p for fold in SPLITS.folds for p in fold)}
    for part, least, most in ((SPLITS.test, 3, 4), *((fold, 2, 3) for fold in SPLITS.folds)):
        counts = Counter(groups[p] for p in part)
        assert len(counts) == 5
        assert least <= min(counts.values())
        assert max(counts.values()) <= most


@pytest.mark.real_data
def test_the_seed_gives_the_committed_file(acdc):
    assert draw_splits(read_groups(acdc), 16, 5, SPLITS.seed) == SPLITS


@given(
    sizes=st.lists(st.integers(5, 20), min_size=1, max_size=6),
    folds=st.integers(2, 5),
    seed=st.integers(0, 99),
)
def test_any_draw_is_a_partition_with_even_parts(sizes, folds, seed):
    groups = {f"{g}-{i}": str(g) for g, n in enumerate(sizes) for i in range(n)}
    n_test = 3 * len(sizes)
    drawn = draw_splits(groups, n_test, folds, seed)
    everyone = [*drawn.test, *(p for fold in drawn.folds for p in fold)]
    assert sorted(everyone) == sorted(groups)
    assert len(drawn.test) == n_test
    for group in set(groups.values()):
        counts = [sum(groups[p] == group for p in fold) for fold in drawn.folds]
        assert max(counts) - min(counts) <= 1
