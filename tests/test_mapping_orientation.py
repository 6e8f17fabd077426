"""A planted lesion is found in its AHA segment however the images are turned, by the network."""

import numpy as np
import pytest

from phantom.mapping import make_mapping
from phantom.mapping_settings import Lesion, MappingSettings, Protocol
from phantom.settings import PhantomSettings
from tests.conftest import ROOT
from tests.mapping_study import true_values
from validation.cohort.tissue_path import read_settings, tissue_network
from validation.mapping_path import acquired_map, measure_series

pytestmark = pytest.mark.requirement("TIS-28")

SETTINGS = read_settings(ROOT / "app.yaml")
TURNS = [(turn, quarters) for turn in (0.0, 45.0) for quarters in range(4)]
# One a level, so that every level is looked at in several orientations.
LESIONS = (2, 8, 11, 13)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return tissue_network(ROOT / "models", SETTINGS, tmp_path_factory.mktemp("work"))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("turn_deg", "quarter_turns"), TURNS)
def test_the_lesion_is_in_its_segment(network, turn_deg, quarter_turns, mirrored):
    number = LESIONS[(quarter_turns + 2 * mirrored) % len(LESIONS)]
    mapping = MappingSettings(
        protocols=(Protocol.T2_PREP,), lesion=Lesion(segment=number), turn_deg=turn_deg
    )
    study = make_mapping(
        PhantomSettings(
            seed=1,
            matrix=(120, 128),
            pixel_spacing_mm=(1.8, 1.8),
            quarter_turns=quarter_turns,
            mirrored=mirrored,
            mapping=mapping,
        )
    )
    acquired = acquired_map(study.series[Protocol.T2_PREP], study.truth.field_strength_t)
    found = measure_series(acquired, SETTINGS, network).measured.statistics.segments
    medians = {k: region.median for k, region in found.items()}
    assert max(medians, key=medians.get) == number
    true = true_values(study.truth, "t2_ms")
    # The lesion is 30 % above the others: nobody else looks like it.
    others = [medians[k] / true[k] for k in medians if k != number]
    assert np.max(others) < 1.15
    assert medians[number] / true[number] == pytest.approx(1, abs=0.1)
