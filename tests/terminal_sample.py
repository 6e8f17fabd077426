"""One study with everything that a terminal shows, from values put together by hand."""

import io

from rich.console import Console

from app.letters import SPELT
from cmr.records import Gate, Model, Status
from cmr.results import Heart, LeftVentricle, SeriesDecision, StudyResults, Ventricle
from cmr.results_mapping import EcvMapResults, Mapping
from tests.mapping_sample import ecv, relaxation, results
from tests.results_sample import cine_results, study_results
from tests.scar_sample import scar_results

NETWORK = Model(name="net", version="1", sha256="b" * 64, provider="CPU", precision="fp32")
SERIES = (
    SeriesDecision(
        series_uid="1.2.3",
        kind="cine short axis",
        used=True,
        images=32,
        images_used=30,
        reason="short-axis stack of 8 parallel slices",
    ),
    SeriesDecision(
        series_uid="1.2.4",
        kind="scout",
        used=False,
        images=1,
        images_used=0,
        reason="the name says scout; nothing in the header speaks against it, 90° off",
    ),
)


def gate(name, status=Status.REVIEW, withholds=(), figure=14.344, unit="%"):
    return Gate(
        name=name,
        status=status,
        figure=figure,
        limit=12,
        unit=unit,
        message="What was found, ≥ 12.",
        withholds=withholds,
    )


def mapping_sample() -> Mapping:
    """Native T1, and an ECV without numbers of its septum."""
    volume = results(
        ecv, [1, 2], EcvMapResults, quantity="ecv", sequence="MOLLI", haematocrit=None,
        post_shift=[], septal=ecv(0).model_copy(update={"median_pct": None}),
    )  # fmt: skip
    return Mapping(
        native_t1=results(relaxation, range(1, 17)),
        ecv=volume,
        not_measured={"t2": "One image, expected three."},
        model=NETWORK,
    )


def whole_study() -> StudyResults:
    """The LV withheld in part, the RV to be looked at, maps and scar with and without marks."""
    cine = cine_results().model_copy(
        update={
            "lv": LeftVentricle(edv_ml=151.264, mass_ed_g=120.554, withheld={"ef_pct": "Why."}),
            "rv": Ventricle(edv_ml=160.172, ef_pct=55.85),
            "heart": Heart(heart_rate_bpm=71.4, bsa_m2=2.0017),
        }
    )
    return study_results(cine).model_copy(
        update={
            "series": list(SERIES),
            "mapping": mapping_sample(),
            "scar": scar_results(),
            "refusals": {"another": "It could not be read."},
            "quality": [
                gate("lv_ef_range", Status.WITHHELD, ("cine.lv.ef_pct",), 101.0),
                gate("rv_above_base", figure=None, unit="{slices}"),
                gate("native_t1_fit"),
                gate("slice_gaps", Status.PASS),
            ],
            "files": ["a.dcm", "b.dcm", "map-bullseyes.png", "scar-surfaces.glb", "report.pdf"],
        }
    )


def printed(show, width=80, encoding="utf-8", **options) -> str:
    """What ``show`` puts on a console of this width and encoding."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=SPELT)
    show(Console(file=stream, width=width, _environ={}, **options))
    stream.flush()
    text = stream.buffer.getvalue().decode(encoding)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
