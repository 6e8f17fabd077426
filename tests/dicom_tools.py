"""Other people's tools that read what we wrote, and the reference list of codes."""

import csv
import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import nibabel
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sr import _concepts_dict

from tests.conftest import shared_path, tool

# Codes of this project that the reference list lacks, with what they stand for.
OWN_CODES = {
    "PIXUSED": "Pixels used",
    "PIXLEFT": "Share of pixels left out",
    "REGEF": "Regional ejection fraction by area",
    "SCARCORE": "Core of late gadolinium enhancement",
    "REMOTE": "Remote myocardium",
    "LVMASSPCT": "Percent of left ventricular mass",
    "GRAYPCT": "Gray zone as percent of core and gray zone",
    "LAYERPCT": "Percent of the scar in a layer of the wall",
    "SEGPCT": "Scar as percent of the segment",
    "TRANSMCLS": "Class of transmural extent",
    "SEGOVER50": "Segments with transmural extent over 50 %",
    "SEGSCAR": "Segments with scar",
    "CHORDS": "Chords measured",
    "TERRITORY": "Coronary territory",
    "LGENET": "Scar by network",
    "LGE2SD": "Scar by 2 SD above remote",
    "LGE3SD": "Scar by 3 SD above remote",
    "LGE4SD": "Scar by 4 SD above remote",
    "LGE5SD": "Scar by 5 SD above remote",
    "LGE6SD": "Scar by 6 SD above remote",
    "LGEFWHM": "Scar by full width at half maximum",
    "LGEOTSU": "Scar by Otsu",
    "LGEGMM": "Scar by Gaussian mixture",
    "LGEEWA": "Scar by expectation maximisation, weighted",
    "GRAYSD": "Gray zone 2 to 3 SD above remote",
    "GRAYYAN": "Peri-infarct zone of Yan 2006",
    "GRAYSCHMIDT": "Gray zone of Schmidt 2007",
    "TRANSM0": "Transmural extent 0 %",
    "TRANSM25": "Transmural extent 1 to 25 %",
    "TRANSM50": "Transmural extent 26 to 50 %",
    "TRANSM75": "Transmural extent 51 to 75 %",
    "TRANSM100": "Transmural extent 76 to 100 %",
}


def run(name: str, *arguments: object) -> tuple[int, str]:
    """Return code and everything printed."""
    done = subprocess.run(
        [tool(name), *map(str, arguments)], capture_output=True, timeout=120, check=False
    )
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def dciodvfy_errors(path: Path) -> list[str]:
    """Errors of David Clunie's validator on one file."""
    code, text = run("dciodvfy", "-new", path)
    errors = [line for line in text.splitlines() if line.startswith("Error")]
    assert bool(errors) == bool(code), text
    return errors


def dcentvfy_errors(written: Iterable[Path], sources: Iterable[Path]) -> list[str]:
    """Errors of the cross-file validator that concern a written file.

    Anonymised sources refer to instances that nobody has; that is not ours to judge.
    """
    names = [str(path) for path in written]
    _, text = run("dcentvfy", *names, *sources)
    errors = [line for line in text.splitlines() if line.startswith("Error")]
    return [line for line in errors if any(name in line for name in names)]


def dcmqi_volumes_ml(path: Path, folder: Path) -> dict[int, float]:
    """Volume of each segment number, as dcmqi makes images of it."""
    volumes = {}
    for number, image in dcmqi_segments(path, folder).items():
        voxel = float(np.prod(image.header.get_zooms()))
        volumes[number] = np.count_nonzero(np.asarray(image.dataobj)) * voxel / 1000
    return volumes


def dcmqi_map(path: Path, folder: Path) -> tuple[nibabel.Nifti1Image, dict]:
    """Image ``(col, row, z)`` and description of a parametric map, as dcmqi makes them."""
    folder.mkdir(parents=True)
    code, text = run("paramap2itkimage", "--outputType", "nii", "--outputDirectory", folder,
                     "--inputDICOM", path)  # fmt: skip
    assert code == 0, text
    described = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return nibabel.load(folder / "pmap.nii.gz"), described


def dcmqi_segments(path: Path, folder: Path) -> dict[int, nibabel.Nifti1Image]:
    """Image ``(col, row, z)`` of each segment number, as dcmqi makes them."""
    folder.mkdir(parents=True)
    code, text = run("segimage2itkimage", "-t", "nii", "--outputDirectory", folder,
                     "--inputDICOM", path)  # fmt: skip
    assert code == 0, text
    return {int(image.name.split(".")[0]): nibabel.load(image) for image in folder.glob("*.nii.gz")}


def dcmqi_report(path: Path, folder: Path) -> list[dict]:
    """Measurement groups, as dcmqi reads them."""
    output = folder / "report.json"
    _, text = run("tid1500reader", "--inputDICOM", path, "--outputMetadata", output)
    assert output.exists(), text
    return json.loads(output.read_text(encoding="utf-8"))["Measurements"]


def coded_items(dataset: Dataset) -> Iterator[tuple[str, str, str]]:
    """(value, scheme, meaning) of every code in a dataset, at any depth."""
    for element in dataset.iterall():
        if element.VR == "SQ":
            for item in element.value:
                if "CodeValue" in item:
                    yield item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning


def unknown_codes(path: Path) -> list[tuple[str, str, str]]:
    """Codes of a file that no list holds with their meaning."""
    reference, standard = reference_codes(), standard_codes()
    reference |= {(value, "99CMRPOST"): meaning for value, meaning in OWN_CODES.items()}
    unknown = []
    for value, scheme, meaning in coded_items(pydicom.dcmread(path)):
        if scheme == "RFC5646":  # languages are no concepts of DICOM
            continue
        if (value, scheme) in reference:
            known = {reference[value, scheme]}
        else:
            known = {text.split(" (")[0] for text in standard.get((value, scheme), ())}
        if meaning not in known:
            unknown.append((value, scheme, meaning))
    return unknown


def reference_codes() -> dict[tuple[str, str], str]:
    """Meaning of each (value, scheme) in the reference list."""
    with shared_path("reference/codes.csv").open(encoding="utf-8", newline="") as file:
        return {(row["value"], row["scheme"]): row["meaning"] for row in csv.DictReader(file)}


def standard_codes() -> dict[tuple[str, str], set[str]]:
    """Meanings of each (value, scheme) in DICOM's own lists, as pydicom generates them."""
    known: dict[tuple[str, str], set[str]] = {}
    for scheme, keywords in _concepts_dict.concepts.items():
        for values in keywords.values():
            for value, (meaning, _) in values.items():
                known.setdefault((value, scheme), set()).add(meaning)
    return known
