"""Surfaces against formulas, and against what trimesh reads from the files."""

import io

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.errors import GeometryError
from cmr.scar.surface import make_surfaces
from cmr.scar.surface_mould import Surface, SurfaceSettings
from cmr.wall.left_ventricle import LeftVentricle
from meshes.files import PATIENT_NODE, glb_bytes, stl_bytes
from tests.scar_surface_shapes import (
    CENTRE,
    EVEN,
    FRAMES,
    UNEVEN,
    ball,
    cut,
    degrees,
    ellipsoid,
    mask_ml,
    tube,
    ventricle,
)

pytestmark = pytest.mark.requirement("SCAR-15")

SETTINGS = SurfaceSettings(step_mm=1.25, smoothing_mm=1.5)
PIXEL = 1.3
STACKS = [*({"frame": frame} for frame in FRAMES), {"heights": UNEVEN, "frame": "oblique"}]
NAMES = ["plain", "oblique", "mirrored", "from the other end", "uneven"]
every_stack = pytest.mark.parametrize("how", STACKS, ids=NAMES)


def as_trimesh(surface):
    return trimesh.Trimesh(surface.vertices_mm, surface.faces, process=False)


def assert_sound(surfaces, masks, geometry):
    """Closed, the right way out, of the volume of the mask: by trimesh and by hand."""
    assert set(surfaces) == set(masks)
    for name, surface in surfaces.items():
        read = as_trimesh(surface)
        assert read.is_watertight, name
        assert read.is_winding_consistent, name
        assert surface.closed, name
        assert surface.mask_volume_ml == pytest.approx(mask_ml(masks[name], geometry)), name
        assert surface.volume_ml == pytest.approx(read.volume / 1e3, rel=1e-6), name
        assert surface.volume_ml == pytest.approx(surface.mask_volume_ml, rel=0.03), name


def sheet(first=-45, last=45, depth=(20, 30), low=-19, high=19):
    """A sector of the tube's wall."""

    def inside(a, b, h):
        radius, angle = np.hypot(a, b), degrees(a, b)
        across = (radius >= depth[0]) & (radius < depth[1])
        return across & (angle > first) & (angle < last) & (h > low) & (h < high)

    return inside


def made(stack, cavity, wall, scar=None):
    lv = ventricle(stack, cavity, wall)
    scar = lv.wall & scar(*stack.pixels) if scar else np.zeros_like(lv.wall)
    masks = {"epicardium": lv.cavity | lv.wall, "endocardium": lv.cavity, "scar": scar}
    surfaces = make_surfaces(lv, scar, SETTINGS)
    assert_sound(surfaces, {k: m for k, m in masks.items() if m.any()}, stack.geometry)
    return surfaces


@every_stack
def test_balls(how):
    """A sum over slices of 8 mm is within 3 % of a ball's volume; with a gap of 16 mm, 5 %."""
    stack = cut(**how)
    surfaces = made(stack, ball(22), ball(34))
    for name, radius in (("endocardium", 22), ("epicardium", 34)):
        surface = surfaces[name]
        assert surface.volume_ml == pytest.approx(
            4 / 3 * np.pi * radius**3 / 1e3, rel=0.05 if "heights" in how else 0.03
        )
        a, b, h = stack.own(surface.vertices_mm)
        middle = np.abs(h) < (0.2 if "heights" in how else 0.7) * radius
        away = np.sqrt(a**2 + b**2 + h**2)[middle]
        assert np.abs(away - radius).max() < 2.0
        assert away.mean() == pytest.approx(radius, abs=0.4)
        assert (a.mean(), b.mean()) == pytest.approx((0, 0), abs=0.3)
        assert surface.vertices_mm.mean(axis=0) == pytest.approx(
            CENTRE, abs=3.0 if "heights" in how else 0.6
        )


@every_stack
def test_normals_point_outwards(how):
    surface = made(cut(**how), ball(22), ball(34))["epicardium"]
    a, b, c = np.moveaxis(surface.vertices_mm[surface.faces], 1, 0)
    normals, outward = np.cross(b - a, c - a), (a + b + c) / 3 - CENTRE
    # All but those of shallow hollows between the last slices.
    assert (np.einsum("ij,ij->i", normals, outward) > 0).mean() > 0.99


@every_stack
def test_half_ellipsoids(how):
    """The base lies on the border between two slices, which a plane of pixels can meet."""
    stack = cut(**how)
    surfaces = made(stack, ellipsoid(22, 70), ellipsoid(32, 80))
    for name, radius, length in (("endocardium", 22, 70), ("epicardium", 32, 80)):
        surface = surfaces[name]
        expected = 2 / 3 * np.pi * radius**2 * length / 1e3
        assert surface.volume_ml == pytest.approx(expected, rel=0.04)
        _, _, h = stack.own(surface.vertices_mm)
        assert h.min() == pytest.approx(-40, abs=1.2)


@every_stack
@pytest.mark.parametrize("depth", [(20, 30), (20, 25), (23, 27)])
def test_a_sheet_of_scar_in_a_tube(how, depth):
    stack = cut(**how)
    surfaces = made(stack, tube(20), tube(30), sheet(depth=depth))
    a, b, h = stack.own(surfaces["scar"].vertices_mm)
    radius, angle = np.hypot(a, b), degrees(a, b)
    assert radius.min() == pytest.approx(depth[0], abs=PIXEL)
    assert radius.max() == pytest.approx(depth[1], abs=PIXEL)
    assert np.abs([angle.min() + 45, angle.max() - 45]).max() < np.rad2deg(1.5 * PIXEL / 20)
    held = stack.geometry.slice_extents_mm[np.abs(how.get("heights", EVEN)) < 19].sum()
    expected = np.pi / 4 * (depth[1] ** 2 - depth[0] ** 2) * held / 1e3
    assert surfaces["scar"].volume_ml == pytest.approx(expected, rel=0.06)
    assert np.ptp(h) == pytest.approx(held, abs=2)


def test_ends_lie_half_a_pitch_beyond_the_slices():
    stack = cut()
    surfaces = made(stack, tube(20), tube(30))
    for surface in surfaces.values():
        h = stack.own(surface.vertices_mm)[2]
        assert (h.min(), h.max()) == pytest.approx((-48, 48), abs=0.6)


@pytest.mark.parametrize("frame", FRAMES)
def test_an_island_in_one_slice_closes_half_way_to_its_neighbours(frame):
    """At h = 6 the gaps of the uneven stack are 8 and 16 mm."""

    stack = cut(UNEVEN, frame)
    lv = ventricle(stack, tube(20), tube(30))
    a, b, h = stack.pixels
    scar = (np.hypot(a - 25, b) < 4.2) & (np.abs(h - 6) < 0.1)
    surfaces = make_surfaces(lv, scar, SETTINGS)
    masks = {"epicardium": lv.cavity | lv.wall, "endocardium": lv.cavity, "scar": scar}
    assert_sound(surfaces, masks, stack.geometry)
    h = stack.own(surfaces["scar"].vertices_mm)[2]
    assert (h.min(), h.max()) == pytest.approx((2, 14), abs=1.2)


def test_scar_follows_the_wall_where_it_grows_narrow():
    """Straight upwards, the layer of a slice does not lie over that of the next."""
    stack = cut(np.arange(-40.0, 41, 10), "oblique")

    def cone(radius):
        return lambda a, b, h: np.hypot(a, b) < radius * (50 - h) / 70

    def layer(a, b, h):
        share = np.hypot(a, b) * 70 / (50 - h)
        return (share < 27.3) & (np.abs(degrees(a, b)) < 50) & (h > -25) & (h < 15)

    surfaces = made(stack, cone(24), cone(38), layer)
    scar = ventricle(stack, cone(24), cone(38)).wall & layer(*stack.pixels)
    held = scar[scar.any(axis=(1, 2))]
    assert len(held) == 4
    assert not (held[1:] & held[:-1]).any()
    assert as_trimesh(surfaces["scar"]).body_count == 1


def winding(surface, points):
    """How often the surface goes round each point (van Oosterom and Strackee 1983)."""
    a, b, c = (surface.vertices_mm[surface.faces[:, n]] for n in range(3))
    turns = []
    for point in points:
        u, v, w = a - point, b - point, c - point
        lu, lv, lw = (np.linalg.norm(x, axis=1) for x in (u, v, w))
        up = np.einsum("ij,ij->i", u, np.cross(v, w))
        down = lu * lv * lw + (u * v).sum(1) * lw + (v * w).sum(1) * lu + (w * u).sum(1) * lv
        turns.append(2 * np.arctan2(up, down).sum() / (4 * np.pi))
    return np.round(turns).astype(int)


def test_scar_lies_inside_the_wall_and_the_cavity_inside_the_epicardium():
    surfaces = made(
        cut(frame="oblique"),
        ellipsoid(22, 70),
        ellipsoid(32, 80),
        lambda a, b, h: (np.abs(degrees(a, b)) < 60) & (h > -30),
    )
    scar = surfaces["scar"].vertices_mm[::40]
    assert (winding(surfaces["epicardium"], scar) == 1).all()
    assert (winding(surfaces["endocardium"], scar) == 0).all()
    inner = surfaces["endocardium"].vertices_mm[::80]
    assert (winding(surfaces["epicardium"], inner) == 1).all()


def test_a_wall_that_is_all_scar_keeps_its_volume():
    surfaces = made(cut(), tube(20), tube(30), lambda a, b, h: np.full(a.shape, True))
    assert surfaces["scar"].volume_ml == pytest.approx(np.pi * 500 * 96 / 1e3, rel=0.03)


def test_slices_shifted_in_plane_keep_their_places():
    stack = cut(shift_mm=2.5)
    surfaces = made(stack, tube(20), tube(30), sheet())
    a, b, h = stack.own(surfaces["epicardium"].vertices_mm)
    radius = np.hypot(a, b)[np.abs(h) < 40]
    assert np.abs(radius - 30).max() < 1.5


def test_pixels_need_not_be_square():
    made(cut(spacing=(1.0, 1.7), frame="oblique"), ellipsoid(22, 70), ellipsoid(32, 80), sheet())


def test_what_is_not_there_has_no_surface():
    stack = cut()
    nothing = np.zeros(stack.pixels[0].shape, bool)
    lv = LeftVentricle(nothing, nothing, nothing.astype(np.uint8), stack.geometry)
    assert make_surfaces(lv, nothing, SETTINGS) == {}
    assert set(made(stack, ball(20), ball(30))) == {"epicardium", "endocardium"}


def test_one_slice_is_refused():
    lv = ventricle(cut(np.array([0.0])), tube(20), tube(30))
    with pytest.raises(GeometryError, match="one slice, expected two or more"):
        make_surfaces(lv, lv.wall, SETTINGS)


def test_a_surface_with_a_hole_or_a_turned_triangle_is_not_closed():
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    corners = np.array([[0.0, 0, 0], [30, 0, 0], [0, 30, 0], [0, 0, 30]])
    whole = Surface(corners, faces, 4.5)
    assert whole.closed
    assert whole.volume_ml == pytest.approx(4.5)
    assert not Surface(corners, faces[1:], 4.5).closed
    turned = np.concatenate([faces[:1, ::-1], faces[1:]])
    assert not Surface(corners, turned, 4.5).closed


@st.composite
def spots(draw):
    """Of scar: angle, height of a slice, and half widths along wall and axis."""
    one = st.tuples(
        st.floats(-180, 180), st.sampled_from(list(EVEN)), st.floats(8, 60), st.floats(1, 30)
    )
    return draw(st.lists(one, min_size=1, max_size=5))


@settings(max_examples=15, deadline=None)
@given(spots(), st.floats(19, 26), st.floats(24.5, 31))
def test_any_patches_of_scar_are_closed_and_of_their_volume(patches, inner, outer):
    def scar(a, b, h):
        radius, angle = np.hypot(a, b), degrees(a, b)
        depth = (radius >= inner) & (radius < max(outer, inner + 3))
        return depth & np.any(
            [
                (np.abs((angle - at + 180) % 360 - 180) < wide) & (np.abs(h - z) < tall)
                for at, z, wide, tall in patches
            ],
            axis=0,
        )

    made(cut(), tube(20), tube(30), scar)


@pytest.fixture(scope="module")
def sample():
    return made(cut(frame="oblique"), ellipsoid(22, 70), ellipsoid(32, 80), sheet())


def test_stl_is_read_back_in_patient_coordinates(sample):
    for surface in sample.values():
        data = stl_bytes(surface)
        assert not data[:80].strip(b"\0")
        read = trimesh.load(io.BytesIO(data), file_type="stl")
        assert read.is_watertight
        assert read.volume / 1e3 == pytest.approx(surface.volume_ml, rel=1e-4)
        np.testing.assert_allclose(
            read.bounds, [f(surface.vertices_mm, axis=0) for f in (np.min, np.max)], atol=1e-4
        )


def test_glb_is_read_back_named_in_metres_and_upright(sample):
    scene = trimesh.load(io.BytesIO(glb_bytes(sample)), file_type="glb")
    assert set(scene.geometry) == set(sample)
    assert PATIENT_NODE in scene.graph.nodes
    for name, surface in sample.items():
        matrix, _ = scene.graph[name]
        read = trimesh.transform_points(scene.geometry[name].vertices, matrix)
        left, posterior, superior = surface.vertices_mm.T
        expected = np.column_stack([left, superior, -posterior]) / 1e3
        np.testing.assert_allclose(np.sort(read, axis=0), np.sort(expected, axis=0), atol=1e-6)
        assert scene.geometry[name].is_watertight
        assert scene.geometry[name].volume > 0
        assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1e-9)
    materials = {name: mesh.visual.material for name, mesh in scene.geometry.items()}
    assert materials["epicardium"].alphaMode == "BLEND"
    red, green, blue, _ = materials["scar"].baseColorFactor
    assert red > 3 * max(green, blue)


def test_equal_input_gives_equal_bytes(sample):
    again = made(cut(frame="oblique"), ellipsoid(22, 70), ellipsoid(32, 80), sheet())
    assert glb_bytes(sample) == glb_bytes(again)
    assert [stl_bytes(s) for s in sample.values()] == [stl_bytes(s) for s in again.values()]
