"""Ranges of healthy people for the numbers of the cine.

A range is used for the sex and the ages of its people only, and only where papillary muscles were
counted as cavity, as here: counted as muscle, a man's ejection fraction is 67 % on average instead
of 58 %. The site's own come first. Of published ones only those stand here that two independent
readings of the paper give alike; limits are two SD to either side of the mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, isfinite
from typing import Literal

from pydantic import field_validator, model_validator

from cmr.body import Sex, Subject
from cmr.ranges import Limits, beside
from cmr.results import Cine, LeftVentricle, Ventricle
from cmr.results_cine import CineRange
from cmr.settings import Section

KEYS = (
    *(f"lv.{quantity.key}" for quantity in LeftVentricle.quantities()),
    *(f"rv.{quantity.key}" for quantity in Ventricle.quantities()),
)
_DECIMALS = 2
_PEOPLE: dict[Sex, str] = {"male": "men", "female": "women"}


class CineNormalRange(Limits):
    """What is normal for people of one sex.

    Attributes
    ----------
    key
        Of the number, below ``cine`` in the results, such as ``lv.ef_pct``.
    min_age_years, max_age_years
        Completed years of life, both included.
    """

    key: str
    sex: Literal["male", "female"]
    min_age_years: int
    max_age_years: int

    @field_validator("key")
    @classmethod
    def _known(cls, key: str) -> str:
        if key not in KEYS:
            raise ValueError(f"no number of the cine is called {key}")
        return key

    @model_validator(mode="after")
    def _of_somebody(self) -> CineNormalRange:
        if not 0 <= self.min_age_years <= self.max_age_years:
            raise ValueError("min_age_years must not be below 0 or above max_age_years")
        return self

    @property
    def people(self) -> str:
        """Of whom the range is."""
        return f"{_PEOPLE[self.sex]} of {self.min_age_years} to {self.max_age_years} years"

    def fits(self, subject: Subject) -> bool:
        """Tell whether the patient is of these people."""
        return (
            subject.sex == self.sex
            and isfinite(subject.age_years)
            and self.min_age_years <= floor(subject.age_years) <= self.max_age_years
        )


class CineReferenceSettings(Section):
    """Ranges of the site; papillary muscles have to be cavity in them."""

    site_ranges: tuple[CineNormalRange, ...]


def _petersen(
    key: str, men: tuple[float, float] | None, women: tuple[float, float] | None
) -> Iterator[CineNormalRange]:
    sexes: tuple[tuple[Literal["male", "female"], tuple[float, float] | None], ...] = (
        ("male", men),
        ("female", women),
    )
    for sex, known in sexes:
        if known is not None:
            yield CineNormalRange(
                key=key,
                sex=sex,
                min_age_years=45,
                max_age_years=74,
                mean=known[0],
                sd=known[1],
                low=None,
                high=None,
                source=(
                    "Petersen et al., J Cardiovasc Magn Reson 2017;19:18: 368 men and 432 women "
                    "of the UK Biobank, white, 1.5 T"
                ),
            )


PUBLISHED: tuple[CineNormalRange, ...] = (
    *_petersen("lv.ef_pct", (58, 5), (61, 5)),
    *_petersen("lv.mass_ed_index_g_m2", (53, 9), (42, 7)),
    *_petersen("lv.sv_ml", (96, 20), (75, 14)),
    *_petersen("lv.edv_ml", (166, 32), None),
    *_petersen("lv.esv_ml", (69, 16), None),
)


def with_ranges(cine: Cine, subject: Subject, settings: CineReferenceSettings) -> Cine:
    """Put every number of both ventricles beside its range, or say why there is none."""
    found: dict[str, CineRange] = {}
    missing: dict[str, str] = {}
    for prefix, side in (("lv", cine.lv), ("rv", cine.rv)):
        for quantity, value in side.values():
            key = f"{prefix}.{quantity.key}"
            compared = _compare(key, value, subject, settings)
            if isinstance(compared, str):
                missing[key] = compared
            else:
                found[key] = compared
    return cine.model_copy(update={"reference": found, "no_range": missing})


def _compare(
    key: str, value: float, subject: Subject, settings: CineReferenceSettings
) -> CineRange | str:
    """Range of one number, or why there is none."""
    kinds: tuple[tuple[Literal["site", "published"], tuple[CineNormalRange, ...]], ...] = (
        ("site", settings.site_ranges),
        ("published", PUBLISHED),
    )
    known = [(kind, one) for kind, ranges in kinds for one in ranges if one.key == key]
    if not known:
        return "No range is known with papillary muscles as cavity."
    if not subject.sex:
        return "No range: the study does not state the sex."
    if not isfinite(subject.age_years):
        return "No range: the study does not state the age."
    for kind, one in known:
        if one.fits(subject):
            return _range(value, one, kind)
    people = ", ".join(dict.fromkeys(one.people for _, one in known))
    return f"No range for this sex and age; there is one for {people}."


def _range(value: float, known: CineNormalRange, kind: Literal["site", "published"]) -> CineRange:
    compared = beside(value, known, kind)
    position: Literal["below", "within", "above"] = "within"
    if value < compared.low:
        position = "below"
    elif value > compared.high:
        position = "above"
    return CineRange(
        kind=kind,
        low=compared.low,
        high=compared.high,
        mean=known.mean,
        sd=known.sd,
        z=round(compared.z, _DECIMALS) if isfinite(compared.z) else None,
        position=position,
        people=known.people,
        source=known.source,
    )
