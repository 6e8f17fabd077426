"""OHIF as it comes prebuilt on npm, on loopback, with ``/dicom-web`` passed on to an archive."""

from __future__ import annotations

import http.server
import json
import subprocess
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

PACKAGE = "@ohif/app@3.13.2"
_WEB = "/dicom-web"
_SOURCE = {
    "friendlyName": "Orthanc",
    "name": "orthanc",
    "wadoUriRoot": _WEB,
    "qidoRoot": _WEB,
    "wadoRoot": _WEB,
    "qidoSupportsIncludeField": False,
    "imageRendering": "wadors",
    "thumbnailRendering": "wadors",
    "enableStudyLazyLoad": True,
    "supportsFuzzyMatching": False,
    "supportsWildcard": True,
    "omitQuotationForMultipartRequest": True,
}
_CONFIG = {
    "routerBasename": "/",
    "showStudyList": True,
    "extensions": [],
    "modes": [],
    "investigationalUseDialog": {"option": "never"},
    "maxNumberOfWebWorkers": 1,
    "defaultDataSourceName": "dicomweb",
    "dataSources": [
        {
            "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
            "sourceName": "dicomweb",
            "configuration": _SOURCE,
        }
    ],
}


def prebuilt(cache: Path) -> Path:
    """Folder of the viewer's files, fetched with npm into ``cache`` where it is not there yet."""
    built = cache / "package" / "dist"
    if not built.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", "--pack-destination", str(cache), PACKAGE]
        subprocess.run(command, check=True, timeout=600, capture_output=True)
        with tarfile.open(next(cache.glob("ohif-app-*.tgz"))) as archive:
            archive.extractall(cache, filter="data")
    return built


@contextmanager
def serve(built: Path, archive: str) -> Iterator[str]:
    """Serve the viewer on loopback; gives its address."""
    handler = partial(_Handler, archive=archive, directory=str(built))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, archive: str, **kwargs: Any) -> None:
        self._archive = archive
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        """Answer with the archive's data, our configuration, or a file of the viewer."""
        path = self.path.split("?")[0]
        if path.startswith(_WEB):
            self._pass_on()
        elif path == "/app-config.js":
            self._answer(200, "text/javascript", f"window.config={json.dumps(_CONFIG)}".encode())
        else:
            if not Path(self.translate_path(path)).is_file():
                self.path = "/index.html"  # a route of the viewer's own
            super().do_GET()

    def end_headers(self) -> None:
        """Add what the viewer's shared buffers need."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: addresses hold patients' UIDs."""

    def _pass_on(self) -> None:
        headers = {
            "Accept": self.headers.get("Accept", "*/*"),
            # The archive writes addresses of bulk data; a browser asks no other host for them.
            "Forwarded": f"host={self.headers['Host']};proto=http",
        }
        request = urllib.request.Request(f"{self._archive}{self.path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                self._answer(reply.status, reply.headers.get("Content-Type", ""), reply.read())
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.headers.get("Content-Type", ""), error.read())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
