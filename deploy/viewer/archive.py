"""A local Orthanc with DICOMweb, for as long as it is looked at."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
_START_S = 60


def free_port() -> int:
    """Find a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def local_orthanc(folder: Path) -> Iterator[str]:
    """Run Orthanc on loopback with its store in ``folder``; gives its address."""
    port = free_port()
    config = {
        "Name": "viewer",
        "StorageDirectory": str(folder / "store"),
        "IndexDirectory": str(folder / "store"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [_PLUGIN],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    settings = folder / "orthanc.json"
    settings.write_text(json.dumps(config), encoding="utf-8")
    address = f"http://127.0.0.1:{port}"
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen(["Orthanc", settings], stdout=log, stderr=log)
        try:
            _wait(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def upload(address: str, files: Iterable[Path]) -> None:
    """Store DICOM files by Orthanc's REST interface; storescu's contexts leave SEG out.

    Raises
    ------
    urllib.error.HTTPError
        A file that Orthanc refuses.
    """
    for path in files:
        request = urllib.request.Request(f"{address}/instances", data=path.read_bytes())
        with urllib.request.urlopen(request, timeout=60):
            pass


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/system", timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError("Orthanc does not start; see orthanc.log.")
