"""Settings of everything that is measured on a map."""

from cmr.settings import Section
from cmr.tissue.aha import AhaSettings
from cmr.tissue.ecv import EcvSettings
from cmr.tissue.haematocrit import HaematocritSettings
from cmr.tissue.reference import ReferenceSettings
from cmr.tissue.regions import RegionSettings


class TissueSettings(Section):
    """Section ``tissue`` of ``app.yaml``."""

    aha: AhaSettings
    regions: RegionSettings
    haematocrit: HaematocritSettings
    ecv: EcvSettings
    reference: ReferenceSettings
