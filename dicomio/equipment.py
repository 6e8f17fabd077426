"""Product identity as DICOM wants it: equipment, algorithm, device observer, dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highdicom as hd
from highdicom.sr import (
    AlgorithmIdentification,
    DeviceObserverIdentifyingAttributes,
    ObservationContext,
    ObserverContext,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as dcmr
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from dicomio import codes
from dicomio.origin import Origin
from dicomio.uids import ResultIdentity

MANUFACTURER = "cmr-map project"
SERIES_NOTE = "AI, for research only"
# Of objects whose pixels no network made.
MAP_NOTE = "for research only"


@dataclass(frozen=True)
class Algorithm:
    """What drew or measured something, and what kind of algorithm it is."""

    name: str
    family: Code = codes.ARTIFICIAL_INTELLIGENCE


CINE_ALGORITHM = Algorithm("Short-axis cine segmentation")
MAPPING_ALGORITHM = Algorithm("Short-axis mapping segmentation")
LATE_ALGORITHM = Algorithm("Late enhancement segmentation")


def sop_class_arguments(origin: Origin) -> dict[str, Any]:
    """Return the arguments that every highdicom object of this product is made with."""
    identity, now = origin.identity, origin.study.local(origin.identity.now)
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": identity.application,
        "software_versions": _software_versions(identity),
        "device_serial_number": identity.device_serial,
        "transfer_syntax_uid": ExplicitVRLittleEndian,
        "content_date": now.date(),
        "content_time": now.time(),
        "series_date": now.date(),
        "series_time": now.time(),
    }


def stamp(target: Dataset, origin: Origin) -> None:
    """Write patient, study and creation time, which highdicom takes from its own clock."""
    origin.study.apply(target)
    now = origin.study.local(origin.identity.now)
    target.InstanceCreationDate = now.strftime("%Y%m%d")
    target.InstanceCreationTime = now.strftime("%H%M%S.%f")
    target.ContentQualification = "RESEARCH"
    for library in target.get("ContributingEquipmentSequence", []):
        library.ContributionDateTime = now.strftime("%Y%m%d%H%M%S.%f")


def segmentation_algorithm(
    algorithm: Algorithm, identity: ResultIdentity
) -> hd.AlgorithmIdentificationSequence:
    """Describe an algorithm for Segmentation Algorithm Identification."""
    return hd.AlgorithmIdentificationSequence(
        name=algorithm.name,
        family=algorithm.family,
        version=identity.version,
        source=MANUFACTURER,
        parameters=_parameters(identity),
    )


def measurement_algorithm(
    algorithm: Algorithm, identity: ResultIdentity
) -> AlgorithmIdentification:
    """Describe an algorithm for TID 4019."""
    return AlgorithmIdentification(
        name=algorithm.name,
        version=identity.version,
        family=algorithm.family,
        parameters=[f"{key}={value}" for key, value in _parameters(identity).items()],
    )


def observation_context(identity: ResultIdentity) -> ObservationContext:
    """Describe the installation as the observer (TID 1002)."""
    return ObservationContext(observer_device_context=device_observer(identity))


def device_observer(identity: ResultIdentity) -> ObserverContext:
    """Describe the installation (TID 1004)."""
    device = DeviceObserverIdentifyingAttributes(
        uid=identity.device_uid,
        name=identity.application,
        manufacturer_name=MANUFACTURER,
        model_name=identity.application,
        serial_number=identity.device_serial,
    )
    return ObserverContext(observer_type=dcmr.DCM.Device, observer_identifying_attributes=device)


def _software_versions(identity: ResultIdentity) -> tuple[str, ...]:
    """Version of the application, then that of the container image where there is one."""
    image = (f"image {identity.image_version}",) if identity.image_version else ()
    return (identity.version, *image)


def _parameters(identity: ResultIdentity) -> dict[str, str]:
    image = {"image_version": identity.image_version} if identity.image_version else {}
    return {
        "weights_sha256": identity.model_sha256,
        "settings_sha256": identity.settings_sha256,
        **image,
    }
