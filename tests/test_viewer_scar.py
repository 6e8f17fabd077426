"""OHIF beside a real Orthanc: scar and its parts stand in the wall of their slices."""

import numpy as np
import pytest

from tests.scar_sample import late_scar, write_scar_case
from tests.viewer_case import images, opened
from tests.writer_case import SETTINGS

pytestmark = pytest.mark.requirement("NBR-06")


@pytest.mark.slow
def test_scar_shows_in_the_wall_on_its_slices(tmp_path):
    from deploy.viewer.reader import channels

    case = write_scar_case(tmp_path)
    late = late_scar(case.images)
    sources = images(tmp_path / "source")
    (tmp_path / "orthanc").mkdir()
    with opened(tmp_path / "orthanc", tmp_path / "source", tmp_path / "results") as reader:
        (masks,) = [s for s in reader.display_sets() if s.number == SETTINGS.scar_series_number]
        reader.open_segmentation(masks)
        for z, frame in enumerate(case.images.frames[0]):
            assert reader.show(frame.sop_instance_uid)
            drawn = channels(reader.drawn(sources[frame.sop_instance_uid]))
            wall, scar = late.ventricle.wall[z], late.scar[z] & ~late.no_reflow[z]
            parts = late.scar[z] | late.core[z] | late.gray[z]
            # Green wall, red scar; colours of parts that overlap are mixed.
            assert np.mean(drawn[wall & ~parts] == 1) > 0.99
            assert np.mean(drawn[scar] == 0) > 0.99
            assert np.mean(drawn[~wall] == -1) > 0.99
        assert reader.errors == []
