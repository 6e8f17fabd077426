"""Which maps give ECV, and the reason where none do."""

import pytest

from cmr.mapping.about import quantity_of
from cmr.mapping.ecv_pair import NoEcvError, choose_pair, has_scanner_ecv
from cmr.mapping.terms import Contrast, MapKind
from tests.mapped_heart import about

pytestmark = pytest.mark.requirement("TIS-17")

NATIVE, POST, UNDECIDED = Contrast.NATIVE, Contrast.POST, Contrast.UNDECIDED


def t1(contrast, sequence="MOLLI 5(3)3", kind=MapKind.T1):
    return about(contrast=contrast, sequence=sequence, kind=kind)


@pytest.mark.parametrize(
    ("maps", "pair"),
    [
        ([t1(NATIVE), t1(POST)], (0, 1)),
        ([t1(POST), t1(NATIVE)], (1, 0)),
        # Of one family, whatever the scheme.
        ([t1(NATIVE, "MOLLI 5(3)3"), t1(POST, "MOLLI 4(1)3(1)2")], (0, 1)),
        ([t1(NATIVE, "MOLLI"), t1(POST, "MOLLI 5(?)3")], (0, 1)),
        # The first pair that compares, not the first of each.
        ([t1(NATIVE, "SASHA"), t1(NATIVE), t1(POST)], (1, 2)),
        ([t1(NATIVE), t1(NATIVE), t1(POST, "SASHA"), t1(POST), t1(POST)], (0, 3)),
        # T2 maps have a contrast state too.
        ([t1(NATIVE, kind=MapKind.T2), t1(NATIVE), t1(POST, kind=MapKind.T2), t1(POST)], (1, 3)),
    ],
)
def test_the_first_native_and_post_contrast_maps_that_compare(maps, pair):
    assert choose_pair(maps) == pair


@pytest.mark.parametrize(
    ("maps", "reason"),
    [
        ([t1(NATIVE)], r"^There is no post-contrast T1 map\.$"),
        ([t1(POST)], r"^There is no native T1 map\.$"),
        ([], r"^There is no native and post-contrast T1 map\.$"),
        (
            [t1(NATIVE), t1(UNDECIDED)],
            r"^There is no post-contrast T1 map\. A T1 map could not be told native or post-contr",
        ),
        (
            [t1(NATIVE), t1(POST, "ShMOLLI")],
            r"with MOLLI 5\(3\)3 before contrast and with ShMOLLI after it, which do not compare",
        ),
        ([t1(NATIVE, "SASHA"), t1(POST, "MOLLI")], "do not compare"),
        ([t1(NATIVE, "unknown"), t1(POST, "MOLLI")], "do not compare"),
    ],
)
def test_why_there_is_no_pair(maps, reason):
    with pytest.raises(NoEcvError, match=reason):
        choose_pair(maps)


def test_an_ecv_map_of_the_scanner():
    assert has_scanner_ecv([t1(NATIVE), t1(UNDECIDED, kind=MapKind.ECV)])
    assert not has_scanner_ecv([t1(NATIVE), t1(POST)])


@pytest.mark.parametrize(
    ("kind", "contrast", "name"),
    [
        (MapKind.T1, NATIVE, "native_t1"),
        (MapKind.T1, POST, "post_t1"),
        (MapKind.T1, UNDECIDED, "t1"),
        (MapKind.T2, POST, "t2"),
        (MapKind.T2_STAR, NATIVE, "t2_star"),
        (MapKind.ECV, UNDECIDED, "ecv"),
    ],
)
def test_names_of_quantities(kind, contrast, name):
    assert quantity_of(kind, contrast) == name
