"""Enhanced MR images: one file with all frames of an acquisition (PS3.3 A.36.2)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import EnhancedMRImageStorage

from phantom.acquired import Acquisition, Person
from phantom.encode import Syntax, save
from phantom.identity import Identity
from phantom.scanner_header import (
    DATE,
    SLICE_INTERVAL_S,
    clock,
    common_header,
    decimal,
    decimals,
    fill,
    hardware_macros,
    is_cine,
    is_gated,
    item,
    slice_started_s,
    stored_values,
    window,
)

_PROTON_MHZ_T = 42.577  # gyromagnetic ratio of hydrogen over 2 pi, CODATA
_COMPONENTS = {"M": "MAGNITUDE", "P": "PHASE", "R": "REAL", "I": "IMAGINARY"}
# What the frames are sorted by, slowest first.
_DIMENSIONS = ("StackID", "InStackPositionNumber", "TemporalPositionIndex")


def write_enhanced(  # noqa: PLR0913 - the options of the layout
    folder: Path,
    acquisition: Acquisition,
    person: Person,
    identity: Identity,
    *,
    syntax: Syntax,
    suffix: str = ".dcm",
) -> list[Path]:
    """Write an acquisition as one Enhanced MR Image, frames slice by slice.

    The file is ``s<series number>/i0001<suffix>`` below ``folder``.

    Raises
    ------
    ValueError
        Image values outside 0 to 4095, or attributes unknown that this kind of file must have.
    """
    _check(acquisition)
    stored = stored_values(acquisition)
    phases, slices = stored.shape[:2]
    number = acquisition.series_number
    image = common_header(acquisition, person, identity, number)
    begun = clock(acquisition.started_s)
    fill(
        image,
        SOPClassUID=EnhancedMRImageStorage,
        SOPInstanceUID=identity.uid("enhanced image", number),
        SeriesInstanceUID=identity.uid("enhanced series", number),
        SeriesTime=begun,
        ContentTime=begun,
        InstanceNumber=1,
        NumberOfFrames=phases * slices,
        SharedFunctionalGroupsSequence=Sequence([_shared_groups(acquisition)]),
        PerFrameFunctionalGroupsSequence=Sequence(
            [_frame_groups(acquisition, t, z) for z in range(slices) for t in range(phases)]
        ),
        AcquisitionContextSequence=Sequence(),
        **_image_description(acquisition),
        **_pulse_sequence(acquisition),
    )
    _add_dimensions(image, identity.uid("dimensions", number))
    if is_gated(acquisition):
        fill(image, **_cardiac_synchronization(acquisition))
    image.add_new("PixelData", "OW", stored.swapaxes(0, 1).tobytes())
    path = folder / f"s{number:04d}" / f"i0001{suffix}"
    save(image, path, syntax)
    return [path]


def _check(acquisition: Acquisition) -> None:
    volume, sequence = acquisition.volume, acquisition.sequence
    timed = np.isfinite(volume.times_ms)
    untimed = not timed.any()
    demands = {
        "original primary images": sequence.image_type[:2] == ("ORIGINAL", "PRIMARY"),
        "no tags of single images": acquisition.tags is None,
        "no inversion pulse": "IR" not in sequence.scanning_sequence.split("\\"),
        "a known slice thickness": math.isfinite(volume.geometry.slice_thickness_mm),
        "trigger times for all images or none": bool(timed.all() or untimed),
        "an RR interval for each gated slice": bool(untimed or np.isfinite(volume.rr_ms).all()),
    }
    unmet = [what for what, met in demands.items() if not met]
    if unmet:
        raise ValueError(f"Enhanced MR: expected {', '.join(unmet)}.")


def _cardiac_synchronization(acquisition: Acquisition) -> dict[str, Any]:
    return {
        "CardiacSynchronizationTechnique": "RETROSPECTIVE",
        "CardiacSignalSource": "ECG",
        "CardiacBeatRejectionTechnique": "NONE",
        "CardiacRRIntervalSpecified": float(np.median(acquisition.volume.rr_ms)),
        "LowRRValue": None,
        "HighRRValue": None,
        "IntervalsAcquired": None,
        "IntervalsRejected": None,
    }


def _frame_type(acquisition: Acquisition) -> dict[str, Any]:
    """Attributes of the frame type macro, except the type itself."""
    named = [_COMPONENTS[v] for v in acquisition.sequence.image_type[2:] if v in _COMPONENTS]
    return {
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
        "ComplexImageComponent": named[0] if named else "MAGNITUDE",
        "AcquisitionContrast": "UNKNOWN",
    }


def _type_values(acquisition: Acquisition) -> list[str]:
    """Image Type in the words of Enhanced MR: the third value is what the image is for."""
    gated = "CARDIAC_GATED" if is_gated(acquisition) else "LOCALIZER"
    flavor = "CINE" if is_cine(acquisition) else gated
    return [*acquisition.sequence.image_type[:2], flavor, "NONE"]


def _image_description(acquisition: Acquisition) -> dict[str, Any]:
    return {
        "ImageType": _type_values(acquisition),
        **_frame_type(acquisition),
        "AcquisitionNumber": 1,
        "AcquisitionDateTime": DATE + clock(acquisition.started_s),
        "AcquisitionDuration": acquisition.volume.geometry.n_slices * SLICE_INTERVAL_S,
        "ContentQualification": "RESEARCH",
        "ResonantNucleus": "1H",
        "KSpaceFiltering": "NONE",
        "ApplicableSafetyStandardAgency": "IEC",
    }


def _pulse_sequence(acquisition: Acquisition) -> dict[str, Any]:
    sequence = acquisition.sequence
    scanning = sequence.scanning_sequence.split("\\")
    variant = sequence.sequence_variant.split("\\")
    spin_echo = "SE" in scanning
    return {
        "PulseSequenceName": sequence.name,
        "MRAcquisitionType": "2D",
        "EchoPulseSequence": "SPIN" if spin_echo else "GRADIENT",
        **({"MultipleSpinEcho": "NO"} if spin_echo else {}),
        "MultiPlanarExcitation": "NO",
        "PhaseContrast": "NO",
        "TimeOfFlightContrast": "NO",
        "SteadyStatePulseSequence": "FREE_PRECESSION" if "SS" in variant else "NONE",
        "EchoPlanarPulseSequence": "NO",
        "SaturationRecovery": "NO",
        "SpectrallySelectedSuppression": "NONE",
        "OversamplingPhase": "NONE",
        "GeometryOfKSpaceTraversal": "RECTILINEAR",
        "RectilinearPhaseEncodeReordering": "LINEAR",
        "SegmentedKSpaceTraversal": "PARTIAL" if "SK" in variant else "FULL",
        "NumberOfKSpaceTrajectories": 1,
    }


def _add_dimensions(image: Dataset, organization_uid: str) -> None:
    image.DimensionOrganizationSequence = item(DimensionOrganizationUID=organization_uid)
    image.DimensionIndexSequence = Sequence(
        [
            fill(
                Dataset(),
                DimensionOrganizationUID=organization_uid,
                DimensionIndexPointer=Tag(attribute),
                FunctionalGroupPointer=Tag("FrameContentSequence"),
                DimensionDescriptionLabel=attribute,
            )
            for attribute in _DIMENSIONS
        ]
    )


def _shared_groups(acquisition: Acquisition) -> Dataset:
    geometry, shown = acquisition.volume.geometry, window(acquisition)
    return fill(
        Dataset(),
        PixelMeasuresSequence=item(
            PixelSpacing=decimals(geometry.pixel_spacing_mm),
            SliceThickness=decimal(geometry.slice_thickness_mm),
        ),
        PlaneOrientationSequence=item(
            ImageOrientationPatient=decimals([*geometry.row_cosine, *geometry.column_cosine])
        ),
        FrameAnatomySequence=item(
            FrameLaterality="U",
            AnatomicRegionSequence=item(
                CodeValue="80891009", CodingSchemeDesignator="SCT", CodeMeaning="Heart"
            ),
        ),
        PixelValueTransformationSequence=item(
            RescaleIntercept=decimal(0), RescaleSlope=decimal(1), RescaleType="US"
        ),
        FrameVOILUTSequence=item(**shown),
        MRImageFrameTypeSequence=item(
            FrameType=_type_values(acquisition), **_frame_type(acquisition)
        ),
        **_contrast_macros(acquisition),
        **hardware_macros(geometry.shape),
    )


def _contrast_macros(acquisition: Acquisition) -> dict[str, Any]:
    sequence = acquisition.sequence
    return {
        "MRTimingAndRelatedParametersSequence": item(
            RepetitionTime=decimal(sequence.repetition_time_ms),
            FlipAngle=decimal(sequence.flip_angle_deg),
            EchoTrainLength=1,
            RFEchoTrainLength=0,
            GradientEchoTrainLength=1,
            SpecificAbsorptionRateSequence=item(
                SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=1.0
            ),
            OperatingModeSequence=item(
                OperatingModeType="STATIC FIELD", OperatingMode="IEC_NORMAL"
            ),
        ),
        "MREchoSequence": item(EffectiveEchoTime=float(sequence.echo_time_ms)),
        "MRModifierSequence": item(
            InversionRecovery="NO",
            FlowCompensation="NONE",
            Spoiling="NONE",
            T2Preparation="NO",
            SpectrallySelectedExcitation="NONE",
            SpatialPresaturation="NONE",
            PartialFourier="NO",
            ParallelAcquisition="NO",
        ),
        "MRImagingModifierSequence": item(
            MagnetizationTransfer="NONE",
            BloodSignalNulling="NO",
            Tagging="NONE",
            TransmitterFrequency=round(_PROTON_MHZ_T * sequence.field_strength_t, 2),
            PixelBandwidth=decimal(1000),
        ),
        "MRAveragesSequence": item(NumberOfAverages=decimal(1)),
    }


def _frame_groups(acquisition: Acquisition, t: int, z: int) -> Dataset:
    volume = acquisition.volume
    begun = DATE + clock(slice_started_s(acquisition, z))
    groups = fill(
        Dataset(),
        FrameContentSequence=item(
            FrameAcquisitionNumber=z + 1,
            FrameReferenceDateTime=begun,
            FrameAcquisitionDateTime=begun,
            FrameAcquisitionDuration=SLICE_INTERVAL_S * 1000,
            DimensionIndexValues=[1, z + 1, t + 1],
            StackID="1",
            InStackPositionNumber=z + 1,
            TemporalPositionIndex=t + 1,
        ),
        PlanePositionSequence=item(ImagePositionPatient=decimals(volume.geometry.positions_mm[z])),
    )
    if is_gated(acquisition):
        groups.CardiacSynchronizationSequence = item(**_heart_beat(acquisition, t, z))
    return groups


def _heart_beat(acquisition: Acquisition, t: int, z: int) -> dict[str, float]:
    delay_ms = float(acquisition.volume.times_ms[t, z])
    rr_ms = float(acquisition.volume.rr_ms[z])
    return {
        "NominalCardiacTriggerDelayTime": delay_ms,
        "ActualCardiacTriggerDelayTime": delay_ms,
        "NominalPercentageOfCardiacPhase": 100 * delay_ms / rr_ms,
        "RRIntervalTimeNominal": rr_ms,
    }
