"""Settings of everything that is measured on a map."""

from cmr.settings import Section
from cmr.tissue.aha import AhaSettings
from cmr.tissue.ecv import EcvSettings
from cmr.tissue.haematocrit import HaematocritSettings
from cmr.tissue.reference import ReferenceSettings
from cmr.tissue.regions import RegionSettings


class TissueSettings(Section):
    """Section ``tissue`` of ``app.yaml``.

    Attributes
    ----------
    min_blood_difference_fraction
        Between the values of cavity and wall, of the larger; less is no heart.
    """

    min_blood_difference_fraction: float
    aha: AhaSettings
    regions: RegionSettings
    haematocrit: HaematocritSettings
    ecv: EcvSettings
    reference: ReferenceSettings
