"""Surfaces as STL and glTF. Neither holds names, dates or anything else of the patient's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import trimesh
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial

from cmr.scar.surface import Structure
from cmr.scar.surface_mould import Surface

# Red, green, blue and opacity, 0-1 (linear, as glTF wants them).
_COLOURS: Mapping[Structure, tuple[float, float, float, float]] = MappingProxyType(
    {
        "epicardium": (0.45, 0.52, 0.60, 0.25),
        "endocardium": (0.80, 0.62, 0.42, 1.0),
        "scar": (0.55, 0.01, 0.02, 1.0),
    }
)
# glTF 2.0, 3.4: metres, right-handed, +Y up, +Z forward. Up is superior and forward anterior, so
# that +X is the patient's left.
GLTF_FROM_LPS_MM = 1e-3 * np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1e3]])
PATIENT_NODE = "patient LPS mm"


def stl_bytes(surface: Surface) -> bytes:
    """Binary STL in DICOM patient coordinates (LPS), mm; its header is blank."""
    return bytes(_mesh(surface).export(file_type="stl"))


def glb_bytes(surfaces: Mapping[Structure, Surface]) -> bytes:
    """One binary glTF with a named mesh and material for each structure.

    Vertices are LPS mm; the node over them, :data:`PATIENT_NODE`, turns them to the metres and
    axes of glTF.
    """
    scene = trimesh.Scene()
    scene.graph.update(frame_from="world", frame_to=PATIENT_NODE, matrix=GLTF_FROM_LPS_MM)
    # What shines through comes last: viewers that do not sort then draw what is behind it first.
    for name in sorted(surfaces, key=lambda n: -_COLOURS[n][3]):
        mesh = _mesh(surfaces[name])
        mesh.visual = TextureVisuals(material=_material(name))
        scene.add_geometry(mesh, name, name, parent_node_name=PATIENT_NODE)
    return bytes(scene.export(file_type="glb", include_normals=True))


def _mesh(surface: Surface) -> trimesh.Trimesh:
    return trimesh.Trimesh(surface.vertices_mm, surface.faces, process=False)


def _material(name: Structure) -> PBRMaterial:
    colour = _COLOURS[name]
    return PBRMaterial(
        name=name,
        baseColorFactor=np.round(np.multiply(colour, 255)).astype(np.uint8),
        metallicFactor=0.0,
        roughnessFactor=0.6,
        alphaMode="OPAQUE" if colour[3] == 1 else "BLEND",
        doubleSided=False,
    )
