"""The graph as it is composed: every operator is there and the edges read as in the README."""

import re
from unittest.mock import MagicMock

import pytest

from app.graph import CmrApplication
from operators.dicom_writer import DicomWriter
from operators.step import Step
from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("CINE-03")


class Recording(CmrApplication):
    """Composes as the application does, and notes the edges."""

    def __init__(self):
        self.edges = set()
        super().__init__(MagicMock())

    def add_flow(self, upstream, downstream, ports):
        self.edges |= {(upstream.name, one, downstream.name) for one, _ in ports}
        super().add_flow(upstream, downstream, ports)


def drawn():
    """The edges of the diagram in the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    diagram = text[text.index("```mermaid") : text.index("```", text.index("```mermaid") + 3)]
    edges = set()
    for line in diagram.splitlines():
        parts = re.split(r"\s*-- (\w+) -->\s*", line.strip())
        for i in range(0, len(parts) - 2, 2):
            for target in parts[i + 2].split(" & "):
                edges.add((parts[i], parts[i + 1], target))
    return edges


def test_the_readme_draws_the_graph_that_is_composed():
    application = Recording()
    application.compose()
    assert {name for edge in application.edges for name in (edge[0], edge[2])} == {
        path.stem for path in (ROOT / "operators").glob("*.py")
    } - {"__init__", "messages", "sdk", "step", "dicom_writer", "watcher"}
    assert application.edges == drawn()


def operators():
    """Classes of all operators; what writers share is none of them."""
    kinds = {*Step.__subclasses__(), *DicomWriter.__subclasses__()} - {DicomWriter}
    return [cls for cls in kinds if cls.__module__.startswith("operators.")]


def test_every_operator_but_the_reader_is_a_step_with_ports():
    steps = operators()
    assert len(steps) == 31
    for cls in steps:
        assert cls.inputs, cls
        assert cls.output or cls.__name__ == "ResultsWriter", cls


def test_compose_is_the_only_place_that_joins_operators():
    assert CmrApplication.compose.__doc__
    for path in (ROOT / "operators").glob("*.py"):
        assert "add_flow" not in path.read_text(encoding="utf-8"), path


def below(edges, start):
    """Every operator that waits for this one, and itself."""
    found, front = {start}, {start}
    while front:
        front = {down for up, _, down in edges if up in front} - found
        found |= front
    return found


def test_maps_do_not_wait_for_files_of_the_cine():
    """The maps take the judged cine and nothing below it; both meet again at the writers."""
    application = Recording()
    application.compose()
    below_maps = below(application.edges, "mapping_reader")
    assert {"map_writer", "map_painter", "sr_writer", "results_writer"} <= below_maps
    assert not {"preprocessor", "quality", "seg_writer"} & below_maps
    into_maps = {up for up, _, down in application.edges if down == "map_measurement"}
    assert into_maps == {"map_segmentation", "quality"}


def test_scar_takes_the_judged_cine_and_waits_for_no_map():
    application = Recording()
    application.compose()
    below_scar = below(application.edges, "late_reader")
    assert {"scar_writer", "scar_painter", "sr_writer", "results_writer"} <= below_scar
    assert not {"quality", "seg_writer", "mapping_quality", "map_writer"} & below_scar
    for taker, before in (("scar_finder", "late_reader"), ("scar_measurement", "scar_finder")):
        assert {up for up, _, down in application.edges if down == taker} == {before, "quality"}


def test_every_port_is_joined_once_and_has_its_giver():
    """An operator with an input that nobody feeds would wait for ever."""
    application = Recording()
    application.compose()
    steps = {re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower(): cls for cls in operators()}
    for name, cls in steps.items():
        fed = sorted(port for _, port, down in application.edges if down == name)
        assert fed == sorted(cls.inputs), name
        assert set(cls.optional) <= set(cls.inputs), name
        given = {port for up, port, _ in application.edges if up == name}
        assert given == ({cls.output} if cls.output else set()), name
