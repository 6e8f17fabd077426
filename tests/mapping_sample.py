"""Maps of known values on known grids, and what the writers make of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cmr.labels import Label
from cmr.mapping.terms import Contrast, MapKind
from cmr.records import Status
from cmr.results_mapping import (
    EcvMapResults,
    EcvRegion,
    HaematocritRecord,
    MapQc,
    ReferenceRange,
    RelaxationMapResults,
    RelaxationRegion,
)
from dicomio.map_objects import WrittenMap, write_maps
from dicomio.mapped_tissue import MappedTissue
from dicomio.source import ImageSource
from dicomio.sr import WrittenObjects, write_report
from tests.dicom_source import stack, write_cine
from tests.results_sample import study_results
from tests.writer_case import IDENTITY, SETTINGS

THREE = (20.0, 20.0)
RANGE = ReferenceRange(
    region="global",
    kind="site",
    low=930.04,
    high=1050.06,
    z=0.257,
    source="Site: 50 healthy adults",
    reason="",
)
NO_RANGE = ReferenceRange(
    region="septal", kind="none", low=None, high=None, z=None, source="", reason="No range: none."
)


def relaxation(median=1001.26, **changes) -> RelaxationRegion:
    values = {
        "pixels": 40,
        "undetermined_pixels": 1,
        "poor_fit_pixels": 2,
        "left_out_pct": 6.977,
        "r2": 0.99876,
        "median_ms": median,
        "mean_ms": median + 1.5,
        "sd_ms": 45.678,
        "uncertainty_ms": 7.217,
    }
    return RelaxationRegion(**values | changes)


def ecv(median=27.126, **changes) -> EcvRegion:
    values = {
        "pixels": 40,
        "undetermined_pixels": 1,
        "poor_fit_pixels": 2,
        "left_out_pct": 6.977,
        "median_pct": median,
        "mean_pct": median + 1.5,
        "sd_pct": 3.456,
        "uncertainty_pct": 1.234,
        "withheld": {"r2": "ECV is computed, not fitted."},
    }
    return EcvRegion(**values | changes)


def results(region, numbers, kind=RelaxationMapResults, **changes):
    """Measurements of one map; every region has a median of its own."""
    values = {
        "quantity": "native_t1",
        "sequence": "MOLLI 5(3)3",
        "source": "fitted",
        "source_reason": "No map of the scanner.",
        "global_": region(),
        "global_of": "segments",
        "septal": region(33.126),
        "blood": region(77.126),
        "segments": {n: region(100.126 + n) for n in numbers},
        "slices": [],
        "level_method": "by position",
        "apex_evidence": "",
        "reference": [RANGE, NO_RANGE],
        "series_uids": [],
        "field_strength_t": 1.5,
        "manufacturer": "Test",
        "pixel_spacing_mm": (1.5, 1.25),
        "contrast_reason": "No contrast agent in the headers.",
        "fit": None,
        "left_out": [],
        "notes": [],
        "qc": MapQc(status=Status.PASS, not_passed=[]),
    }
    return kind(**values | changes)


def masks(geometry):
    """Ring round a cavity in each slice; six, six and four segments, base first."""
    rows, columns = geometry.shape
    y, x = np.mgrid[:rows, :columns] - np.array([22, 19])[:, None, None]
    radius, angle = np.hypot(y, x), np.arctan2(y, x) % (2 * np.pi)
    labels = np.zeros((geometry.n_slices, rows, columns), np.uint8)
    segments = np.zeros_like(labels)
    for z in range(geometry.n_slices):
        wall = (radius >= 8 - z) & (radius < 13 - z)
        labels[z][wall], labels[z][radius < 8 - z] = Label.MYOCARDIUM, Label.LV
        first, count = ((1, 6), (7, 6), (13, 4))[z]
        segments[z][wall] = (first + angle // (2 * np.pi / count))[wall]
    return labels, segments


def values(geometry, offset=900.0):
    """Every pixel its own value; three of them undefined."""
    shape = (geometry.n_slices, *geometry.shape)
    found = (offset + 0.125 * np.arange(np.prod(shape))).reshape(shape).astype(np.float32)
    found[0, 3, 4] = found[-1, 0, 0] = found[-1, -1, -1] = np.nan
    return found


def native_t1(images: ImageSource, **changes) -> MappedTissue:
    labels, segments = masks(images.geometry)
    found = values(images.geometry)
    own = {
        "key": "native_t1",
        "kind": MapKind.T1,
        "contrast": Contrast.NATIVE,
        "results": results(relaxation, sorted(set(np.unique(segments)) - {0})),
        "images": images,
        "values": found,
        "sd": found / 50,
        "labels": labels,
        "segments": segments,
        "segmented_on": "native_t1",
    }
    return MappedTissue(**own | changes)


def ecv_map(images: ImageSource, **changes) -> MappedTissue:
    found = native_t1(images)
    own = {
        "key": "ecv",
        "kind": MapKind.ECV,
        "contrast": Contrast.POST,
        "results": results(
            ecv,
            found.results.segments,
            EcvMapResults,
            quantity="ecv",
            sequence="MOLLI 5(3)3 / MOLLI 4(1)3(1)2",
            reference=[],
            haematocrit=HaematocritRecord(
                fraction=0.4212, sd_fraction=0.011, source="measured", origin="Given on the day."
            ),
            post_shift=[],
        ),
        "values": values(images.geometry, 20.0) / 100,
        "sd": values(images.geometry, 1.0) / 1000,
        "segmented_on": "native_t1",
    }
    return native_t1(images, **own | changes)


@dataclass(frozen=True)
class MapCase:
    images: ImageSource
    maps: tuple[WrittenMap, ...]
    report: Path

    @property
    def files(self) -> list[Path]:
        return [path for written in self.maps for path in written.paths] + [self.report]

    @property
    def used_images(self) -> list[Path]:
        return sorted({f.path for row in self.images.frames for f in row})


def write_map_case(
    folder: Path, *, series="one", gaps_mm=THREE, geometry=None, mapped=None
) -> MapCase:
    """Write four source images a slice, and the objects of the maps made of them."""
    cine = write_cine(folder / "source", geometry or stack(gaps_mm), series=series)
    tissues = (mapped or (lambda images: [native_t1(images), ecv_map(images)]))(cine.images)
    out = folder / "results"
    out.mkdir()
    maps = write_maps(tissues, IDENTITY, SETTINGS, out)
    written = WrittenObjects(maps=maps)
    report = write_report(study_results(None), written, None, IDENTITY, SETTINGS, out)
    return MapCase(cine.images, maps, report)
