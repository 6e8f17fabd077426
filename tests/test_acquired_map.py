"""Files of mapping acquisitions to arrays; what cannot be read is named, the rest is there."""

from dataclasses import replace

import numpy as np
import pytest

from dicomio.acquired_map import read_acquisitions
from dicomio.mapping_source import FitParameter, MappingStudy, ParameterSource
from tests.mapping_support import HEIGHTS, MOLLI_533, SHMOLLI, molli, scanner_map, stored
from tests.tissue_heart import MAPPING

pytestmark = pytest.mark.requirement("TIS-01")

SHAPE = (40, 36)


def value(ds):
    """T1 of a map by its slice; source images by number."""
    is_map = "MAP" in "".join(ds.ImageType)
    return np.full(SHAPE, 1000 + ds.InstanceNumber if is_map else 10 * ds.InstanceNumber, np.uint16)


def read(study):
    return read_acquisitions(study, MAPPING.plausible)


def files_of(source):
    return [ref.path for row in source.frames for ref in row]


def test_source_images_and_map_of_one_acquisition_come_together(tmp_path):
    study = stored(tmp_path, molli("a"), scanner_map("map"), values=value)
    [one], lost = read(study)
    assert lost == ()
    source, scanner = one.acquired.source, one.acquired.scanner
    assert source.magnitudes.shape == (8, 3, *SHAPE)
    by_time = sorted(range(8), key=lambda i: MOLLI_533[i][0])
    for z in range(3):
        assert source.slices[z].times_ms.tolist() == sorted(t for t, _ in MOLLI_533)
        # Images are numbered as acquired, slice by slice; stored in order of time.
        expected = [10 * (8 * z + i + 1) for i in by_time]
        assert source.slices[z].magnitude[:, 0, 0].tolist() == expected
        assert (scanner.values[z] == 1001 + z).all()
    assert source.slices[0].phase_rad is None
    assert source.cycle_phase == pytest.approx([0.6] * 3)
    assert (one.acquired.protocol.sequence, one.acquired.field_strength_t) == ("MOLLI 5(3)3", 1.5)
    assert one.acquired.on_one_grid
    assert one.acquired.faults == ()
    assert one.source_images.frames == study.sources[0].images.frames
    assert one.scanner_images.geometry is scanner.geometry
    assert scanner.r2 is None


def test_the_first_inversion_of_shmolli_is_known(tmp_path):
    [one], _ = read(stored(tmp_path, molli("a", SHMOLLI), values=value))
    first = one.acquired.source.slices[0]
    assert one.acquired.protocol.sequence == "ShMOLLI"
    assert first.times_ms[first.inversion == 1].tolist() == [100, 1100, 2100, 3100, 4100]
    assert one.scanner_images is None


def test_one_slice_of_three_that_cannot_be_read(tmp_path):
    study = stored(tmp_path, molli("a"), values=value)
    study.sources[0].frames[0][1].path.write_bytes(b"broken")
    [one], lost = read(study)
    source = one.acquired.source
    assert source.geometry.n_slices == len(source.slices) == 2
    assert source.magnitudes.shape == (8, 2, *SHAPE)
    # Height 10 of those at 0, 10 and 20.
    assert np.ptp(source.geometry.slice_positions_mm) == pytest.approx(20)
    [left_out] = source.left_out
    assert left_out.endswith("the slice is left out.")
    assert (one.acquired.faults, lost) == ((), ())
    assert len(one.source_images.frames[0]) == 2


def test_a_map_remains_without_its_source_images(tmp_path):
    study = stored(tmp_path, molli("a"), scanner_map("map"), values=value)
    for path in files_of(study.sources[0]):
        path.write_bytes(b"broken")
    [one], lost = read(study)
    assert one.acquired.source is None
    assert one.source_images is None
    assert one.acquired.scanner.values.shape == (3, *SHAPE)
    [fault] = one.acquired.faults
    assert fault.startswith("T1 source images: none of 3 slices can be read.")
    assert lost == ()


def test_source_images_remain_without_their_map(tmp_path):
    study = stored(tmp_path, molli("a"), scanner_map("map"), values=value)
    for ref in study.maps[0].frames:
        ref.path.write_bytes(b"broken")
    [one], _ = read(study)
    assert one.acquired.scanner is None
    assert one.scanner_images is None
    [fault] = one.acquired.faults
    assert fault.startswith("T1 map: none of its slices can be read.")


def test_an_acquisition_of_which_nothing_can_be_read_is_named(tmp_path):
    late = molli("b", start_s=3600.0)
    study = stored(tmp_path, molli("a"), late, values=value)
    assert len(study.sources) == 2
    for path in files_of(study.sources[1]):
        path.write_bytes(b"broken")
    read_ones, lost = read(study)
    assert [len(r.acquired.source.slices) for r in read_ones] == [3]
    assert len(lost) == 1
    assert "none of 3 slices" in lost[0]
    assert str(tmp_path) not in lost[0]


def with_r2(study, heights=HEIGHTS, scale=4000.0):
    """The scanner's R², as planes of its own, on some of the slices of its map."""
    [scanner] = study.maps
    keep = [z for z, height in enumerate(HEIGHTS) if height in heights]
    planes = ParameterSource(
        acquisition=scanner.acquisition,
        frames={FitParameter.R_SQUARED: tuple(scanner.frames[z] for z in keep)},
        scale={FitParameter.R_SQUARED: scale},
        geometry=scanner.geometry.take_slices(keep),
    )
    return MappingStudy(study.sources, study.maps, (planes,), study.uses)


def test_goodness_of_fit_of_the_scanner_lies_on_its_slices(tmp_path):
    """1001 to 1003 of 4000; the last slice has none."""
    study = stored(tmp_path, scanner_map("map"), values=value)
    [one], _ = read(with_r2(study, HEIGHTS[:2]))
    r2 = one.acquired.scanner.r2
    assert r2.shape == one.acquired.scanner.values.shape
    assert r2[0] == pytest.approx(1001 / 4000)
    assert r2[1] == pytest.approx(1002 / 4000)
    assert np.isnan(r2[2]).all()


def test_goodness_of_fit_that_cannot_be_read_is_noted(tmp_path):
    study = with_r2(stored(tmp_path, scanner_map("map"), values=value))
    copy = tmp_path / "r2.dcm"
    copy.write_bytes(b"broken")
    [planes] = study.parameters
    broken = tuple(replace(ref, path=copy) for ref in planes.frames[FitParameter.R_SQUARED])
    spoilt = replace(planes, frames={FitParameter.R_SQUARED: broken})
    [one], _ = read(MappingStudy(study.sources, study.maps, (spoilt,), study.uses))
    assert one.acquired.scanner.r2 is None
    assert one.acquired.scanner.notes[-1].startswith("The scanner's goodness of fit cannot be read")


def test_goodness_of_fit_of_another_acquisition_is_not_taken(tmp_path):
    study = with_r2(stored(tmp_path, scanner_map("map"), values=value))
    [planes] = study.parameters
    other = replace(planes, acquisition=replace(planes.acquisition, number=99))
    [one], _ = read(MappingStudy(study.sources, study.maps, (other,), study.uses))
    assert one.acquired.scanner.r2 is None


@pytest.mark.requirement("TRU-06")
@pytest.mark.parametrize(
    ("images", "kept", "fault"),
    [
        (30, ("source", "scanner", "r2"), None),
        (29, ("source", "scanner"), "its planes: 3 images of 40 x 36 pixels beside what else"),
        (26, ("source",), "T1 map: 3 images of 40 x 36 pixels beside what else there is are more"),
        (23, ("scanner", "r2"), "T1 source images: 24 images of 40 x 36 pixels are more than is"),
        (2, (), "T1 map: 3 images of 40 x 36 pixels are more than is read."),
    ],
)
def test_all_acquisitions_together_have_no_more_pixels_than_a_stack(
    images, kept, fault, tmp_path, monkeypatch
):
    """24 source images, 3 of the map, 3 of its goodness of fit."""
    study = with_r2(stored(tmp_path, molli("a"), scanner_map("map"), values=value))
    monkeypatch.setattr("dicomio.pixels._MOST_PIXELS", images * SHAPE[0] * SHAPE[1])
    found, lost = read(study)
    assert len(found) == bool(kept)
    told = list(lost)
    for one in found:
        scanner = one.acquired.scanner
        assert kept == tuple(
            name
            for name, part in (
                ("source", one.acquired.source),
                ("scanner", scanner),
                ("r2", scanner and scanner.r2),
            )
            if part is not None
        )
        told += [*one.acquired.faults, *(scanner.notes if scanner else ())]
    assert not any(".." in text for text in told)
    faults = [text for text in told if "more than is read" in text]
    assert bool(faults) is bool(fault)
    assert not fault or any(fault in text for text in faults)


def test_an_empty_study_has_no_acquisitions():
    assert read(MappingStudy((), (), (), {})) == ((), ())
