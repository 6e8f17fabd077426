"""Files that claim gigabytes: memory stays bounded, each is counted, and good images are read."""

import io
import json
import resource
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from openjpeg.utils import encode_array
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from dicomio.bounded import inflate
from dicomio.codestream import FrameShape, frame_fault
from dicomio.pixels import FrameUnreadable, check_size, read_frame
from tests.bombs import BOMBS, GB, items_behind_the_pixels, long_pixels
from tests.conftest import ROOT
from tests.dicom_factory import header, images, pixels, uid, write

pytestmark = pytest.mark.requirement("TRU-06")

# Of reading, above that of the imports; every bomb below asks for 700 MB to 9 GB.
MOST_MB = 400
READ = """
import json, resource, sys
from pathlib import Path
from dicomio.index import index_input
from dicomio.pixels import FrameUnreadable, read_frame
from tests.dicom_factory import READER
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
before = peak()
count = index_input(Path(sys.argv[1]), READER)
told = {s.reason for s in count.count.skipped}
shapes = []
for study in count.studies:
    for image in (i for series in study.series for i in series.images):
        try:
            shapes.append(read_frame(image.ref).shape)
        except FrameUnreadable as fault:
            told.add(str(fault))
print(json.dumps({
    "peak": peak() - before, "files": count.count.files, "images": count.count.images,
    "skipped": len(count.count.skipped), "told": sorted(told), "shapes": shapes,
}))
"""


def read_in_a_process(folder: Path) -> dict:
    """What a process of its own tells of reading a folder; its address space ends at 6 GB."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (6 * GB, 6 * GB)),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_a_bomb_beside_a_good_image_costs_little_memory(tmp_path: Path, bomb) -> None:
    bomb(tmp_path / "bomb.dcm")
    write(header(SOPInstanceUID=uid("good")), tmp_path / "good.dcm")
    told = read_in_a_process(tmp_path)
    assert told["peak"] < MOST_MB, told
    assert told["files"] == 2
    assert told["images"] + told["skipped"] == 2
    assert [40, 36] in told["shapes"]
    # What hides behind a sound image does no harm, and the image is used.
    harmless = bomb in (items_behind_the_pixels, long_pixels)
    assert len(told["shapes"]) == (2 if harmless else 1), told
    assert len(told["told"]) == (0 if harmless else 1), told


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
@pytest.mark.parametrize("shape", [(40, 36), (41, 37), (64, 200)])
def test_sound_frames_are_not_refused(tmp_path: Path, syntax: str, shape: tuple) -> None:
    """Compressed by other people's encoders, of odd sizes too."""
    for seed, values in enumerate((pixels(1, shape), np.zeros(shape, np.uint16))):
        ds = header(Rows=shape[0], Columns=shape[1], SOPInstanceUID=uid(str(seed)))
        path = write(ds, tmp_path / f"{seed}.dcm", values, compress=syntax)
        [image] = images([header(Rows=shape[0], Columns=shape[1])], str(tmp_path))
        found = read_frame(image.ref.__class__(path, *_of(image)))
        assert np.array_equal(found, values)


@pytest.mark.parametrize("boxes", [0, 1])
def test_a_sound_codestream_is_not_refused_in_boxes_or_without(boxes: int) -> None:
    frame = encode_array(pixels(0), photometric_interpretation=2, codec_format=boxes)
    assert frame.startswith(b"\xff\x4f") is not bool(boxes)
    assert frame_fault(frame, JPEG2000Lossless, FrameShape(40, 36, 16)) == ""
    assert "not of the size" in frame_fault(frame, JPEG2000Lossless, FrameShape(36, 40, 16))


def test_deflated_data_of_any_length_are_whole() -> None:
    """Up to 258 bytes may wait in zlib when all input is taken; sound files were refused."""
    for size in range((1 << 20) - 2, (1 << 20) + 300):
        squeeze = zlib.compressobj(9, wbits=-15)
        data = squeeze.compress(bytes(size)) + squeeze.flush()
        found = inflate(io.BytesIO(data), 1 << 21, 1 << 22)
        assert found is not None
        assert (found.size, found.complete, len(found.head.read())) == (size, True, size)
        cut = inflate(io.BytesIO(data[:-4]), 1 << 21, 1 << 22)
        assert cut is not None
        assert not cut.complete


def _of(image) -> tuple:
    ref = image.ref
    return ref.sop_class_uid, ref.sop_instance_uid, ref.series_uid


@pytest.mark.parametrize(
    "frame",
    [b"", b"\xff", b"\xff\xd8\xff", b"\xff\xd8" + b"\xff" * 50, b"\xff\x4f\xff\x51\0", b"x"],
)
@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
def test_what_is_no_frame_is_refused(frame: bytes, syntax: str) -> None:
    assert frame_fault(frame, syntax, FrameShape(40, 36, 16))


def test_a_second_size_behind_the_first_is_refused(tmp_path: Path) -> None:
    start = b"\xff\xd8\xff\xf7\0\x0b\x10\0\x28\0\x24\x01\x01\x11\0"
    scan = b"\xff\xda\0\x08\x01\x01\0\0\0\0" + b"\x12\xff\x34" * 9
    again = b"\xff\xf7\0\x0b\x10\xff\xff\xff\xff\x01\x01\x11\0\xff\xd9" + bytes(9)
    shape = FrameShape(40, 36, 16)
    assert frame_fault(start + scan + b"\xff\xd9" + bytes(9), JPEGLSLossless, shape) == ""
    assert "not of the size" in frame_fault(start + scan + again, JPEGLSLossless, shape)


def test_more_pixels_than_any_stack_are_refused_before_decoding() -> None:
    """Equal pixels compress to nothing, so the number of files says little."""
    check_size("Short-axis cine", (512, 512), 30 * 20)
    with pytest.raises(FrameUnreadable, match="2000 images of 2048 x 2048 pixels are more"):
        check_size("Short-axis cine", (2048, 2048), 2000)
