"""Deterministic identifiers: the same input, software and settings give the same UIDs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydicom.uid import UID

from dicomio.source import FrameRef

# Names this scheme of derivation; another value would change every UID ever written.
_NAMESPACE = uuid.UUID("5b0a4e0e-6c55-5d0c-9f43-0f5f3f2f8d11")


@dataclass(frozen=True)
class ResultIdentity:
    """What made a result, and when.

    Parameters
    ----------
    application, version
        Name and version of the application.
    settings_sha256, model_sha256
        Digests of all settings and of the model that made the masks.
    provider
        What the model ran on and its precision: other arithmetic may move a voxel.
    salt
        Site salt: two sites that process the same study get different UIDs. May be empty.
    device_uid
        Device Observer UID, one per installation.
    device_serial
        Serial number of the installation, written to Device Serial Number.
    now
        Time of creation, with time zone. It dates the objects; no UID depends on it.
    image_version
        Of the container image, empty outside one. No UID depends on it: the same software gives
        the same results in and out of a container.

    Raises
    ------
    ValueError
        ``now`` without time zone.
    """

    application: str
    version: str
    settings_sha256: str
    model_sha256: str
    provider: str
    salt: str
    device_uid: str
    device_serial: str
    now: datetime
    image_version: str = ""

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("Identity of a result: 'now' has no time zone.")

    def uid(self, kind: str, frames: Iterable[FrameRef]) -> UID:
        """Derive the UID of the output ``kind`` made from ``frames``.

        A name-based UUID (RFC 9562, version 5) under the arc 2.25 (PS3.5, B.2). It depends on the
        source SOP instances and frames in their order, the kind, and every field of this
        identity but the device, the time and the image; never on patient data.
        """
        parts = [
            self.application,
            self.version,
            self.settings_sha256,
            self.model_sha256,
            self.provider,
            self.salt,
            kind,
            [[frame.sop_instance_uid, frame.frame_number] for frame in frames],
        ]
        return UID(f"2.25.{uuid.uuid5(_NAMESPACE, json.dumps(parts)).int}")


def file_name(kind: str, uid: str) -> str:
    """Name a file by kind and end of the UID: unique, and free of patient data."""
    return f"{kind}-{uid[-12:]}.dcm"
