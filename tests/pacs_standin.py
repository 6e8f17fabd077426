"""``python -m tests.pacs_standin INPUT OUTPUT``: a quick application, for what happens around it.

It writes a SEG of one image a plane and an SR of all, under UIDs that depend on the images alone;
more kinds of objects where it is asked to.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import highdicom
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from dicomio.codes import CARDIAC_MRI
from tests.pacs_kinds import MAKER, made_uid, more

_WAIT_S = 300


def main() -> int:
    args = _arguments()
    if args.gate is not None:
        _wait_at(args.gate)
    if args.fail:
        print("the patient is PHANTOM^0000")
        return args.fail
    images = [pydicom.dcmread(path) for path in sorted(args.input.rglob("*.dcm"))]
    images.sort(key=lambda image: image.SOPInstanceUID)
    if args.patient:
        for image in images:
            image.PatientID = args.patient
    seg = _segmentation(images)
    seg.save_as(args.output / "seg.dcm")
    report = _report(images, seg)
    report.save_as(args.output / "sr.dcm")
    if args.more:
        for name, found in more(images, seg, report).items():
            found.save_as(args.output / name, enforce_file_format=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--gate", type=Path, help="say that it runs, and wait to be let on")
    parser.add_argument("--fail", type=int, default=0, help="exit code")
    parser.add_argument("--more", action="store_true", help="a picture, a PDF, key objects")
    parser.add_argument("--patient", help="another patient's ID")
    return parser.parse_args()


def _wait_at(gate: Path) -> None:
    with (gate / "runs").open("a") as runs:
        runs.write("run\n")
    for _ in range(_WAIT_S * 20):
        if (gate / "open").exists():
            return
        time.sleep(0.05)
    raise TimeoutError("nobody opened the gate")


def _segmentation(images: list[Dataset]) -> highdicom.seg.Segmentation:
    segment = highdicom.seg.SegmentDescription(
        segment_number=1,
        segment_label="Left ventricle",
        segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=codes.SCT.LeftVentricle,
        algorithm_type="AUTOMATIC",
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            name="stand-in", version="1", family=codes.cid7162.ArtificialIntelligence
        ),
    )
    planes = list({tuple(image.ImagePositionPatient): image for image in images}.values())
    mask = np.zeros((len(planes), planes[0].Rows, planes[0].Columns), dtype=np.uint8)
    mask[:, 40:60, 40:60] = 1
    return highdicom.seg.Segmentation(
        planes,
        mask,
        "BINARY",
        [segment],
        made_uid("seg/series", images),
        900,
        made_uid("seg", images),
        1,
        *MAKER,
    )


def _report(images: list[Dataset], seg: Dataset) -> Dataset:
    observer = highdicom.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=highdicom.sr.DeviceObserverIdentifyingAttributes(
            uid=made_uid("device", [])
        ),
    )
    group = highdicom.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=highdicom.sr.TrackingIdentifier(made_uid("tracking", images), "volume"),
        measurements=[
            highdicom.sr.Measurement(
                name=codes.SCT.Volume, value=float(len(images)), unit=codes.UCUM.NoUnits
            )
        ],
        source_images=[
            highdicom.sr.SourceImageForMeasurementGroup.from_source_image(i) for i in images
        ],
    )
    report = highdicom.sr.MeasurementReport(
        observation_context=highdicom.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=CARDIAC_MRI,
        imaging_measurements=[group],
    )
    return highdicom.sr.ComprehensiveSR(
        evidence=[*images, seg],
        content=report,
        series_instance_uid=made_uid("sr/series", images),
        series_number=901,
        sop_instance_uid=made_uid("sr", images),
        instance_number=1,
        manufacturer=MAKER[0],
        record_evidence=True,
    )


if __name__ == "__main__":
    sys.exit(main())
