"""Settings of the way from source images to maps."""

from __future__ import annotations

from typing import Literal

from cmr.mapping.heart import HeartOnMapSettings
from cmr.mapping.plausible import PlausibleSettings
from cmr.mapping.scanner_check import ScannerCheckSettings
from cmr.relaxometry.settings import FitSettings
from cmr.settings import Section


class MappingSettings(Section):
    """Section ``mapping`` of ``app.yaml``."""

    preferred: Literal["scanner", "fitted"]
    fit: FitSettings
    heart: HeartOnMapSettings
    plausible: PlausibleSettings
    scanner_check: ScannerCheckSettings
