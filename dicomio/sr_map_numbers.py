"""Numbers of a region of a map, as measurements (TID 300) with their properties."""

from __future__ import annotations

from collections.abc import Sequence

from highdicom.sr import Measurement, SourceImageForMeasurement
from highdicom.sr.value_types import ContentItem
from pydicom.sr.coding import Code

from cmr.records import Quantity
from cmr.results_mapping import HaematocritRecord, ReferenceRange, Region
from dicomio import codes
from dicomio.highdicom_fixes import add_to_measurement, instances
from dicomio.map_objects import WrittenMap
from dicomio.map_terms import contrast_modifiers, quantity_of
from dicomio.sr_content import modifiers
from dicomio.sr_map_concepts import CONCEPTS, MapConcept
from dicomio.sr_ranges import property_item, range_items

_HAEMATOCRIT_DECIMALS = 1


def region_numbers(
    region: Region, written: WrittenMap, reference: ReferenceRange | None = None
) -> list[Measurement]:
    """Count and every known number of a region; ``reference`` stands with the median."""
    found = [Measurement(codes.PIXELS_USED, region.pixels, codes.UNITS["{pixels}"])]
    for quantity, value in region.values():
        concept = CONCEPTS.get(quantity.key)
        if concept is None:
            continue
        number = _number(concept, quantity, value, written)
        add_to_measurement(number, _uncertainty(concept, region))
        if concept.derivation is codes.MEDIAN and reference is not None:
            add_to_measurement(number, range_items(reference, reference.region, quantity))
        found.append(number)
    return found


def haematocrit_number(haematocrit: HaematocritRecord) -> Measurement:
    """Haematocrit in percent, measured or estimated from the T1 of blood."""
    percent = codes.UNITS["%"]
    number = Measurement(
        codes.HAEMATOCRIT,
        round(100 * haematocrit.fraction, _HAEMATOCRIT_DECIMALS),
        percent,
        derivation=codes.MEASURED if haematocrit.source == "measured" else codes.ESTIMATED,
    )
    spread = round(100 * haematocrit.sd_fraction, _HAEMATOCRIT_DECIMALS)
    add_to_measurement(number, _both_ways(spread, percent))
    return number


def _number(
    concept: MapConcept, quantity: Quantity, value: float, written: WrittenMap
) -> Measurement:
    rounded, unit = round(value, quantity.decimals), codes.UNITS[quantity.unit]
    if concept.name is not None:
        return Measurement(concept.name, rounded, unit)
    number = Measurement(
        quantity_of(written.tissue),
        rounded,
        unit,
        derivation=concept.derivation,
        referenced_images=_sources(written),
    )
    add_to_measurement(number, modifiers(contrast_modifiers(written.tissue)))
    return number


def _sources(written: WrittenMap) -> list[SourceImageForMeasurement]:
    """The map that the number was measured on: ours, or the scanner's."""
    if written.value is not None and written.tissue.results.source == "fitted":
        plane = written.value
        return [SourceImageForMeasurement(plane.sop_class_uid, plane.sop_instance_uid)]
    frames = [frame for row in written.tissue.images.frames for frame in row]
    return [
        SourceImageForMeasurement(frame.sop_class_uid, frame.sop_instance_uid, numbers or None)
        for frame, numbers in instances(frames)
    ]


def _uncertainty(concept: MapConcept, region: Region) -> Sequence[ContentItem]:
    known = {quantity.key: (quantity, value) for quantity, value in region.values()}
    if concept.uncertainty not in known:
        return ()
    quantity, value = known[concept.uncertainty]
    return _both_ways(round(value, quantity.decimals), codes.UNITS[quantity.unit])


def _both_ways(value: float, unit: Code) -> Sequence[ContentItem]:
    names = (codes.UNCERTAINTY_ABOVE, codes.UNCERTAINTY_BELOW)
    return [property_item(name, value, unit) for name in names]
