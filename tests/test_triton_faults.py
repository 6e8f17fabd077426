"""A Triton server that is not there, silent, slow without end, or something else."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from app.cli import parse
from app.main import main
from cmr.errors import ModelError, UsageError
from cmr.model_store import open_model
from deploy.viewer.archive import free_port
from serving.triton import TritonNetwork
from tests.model_support import INFERENCE
from tests.tiny_model import write_tiny

pytestmark = pytest.mark.requirement("NBR-08")

QUICK = INFERENCE.model_copy(update={"triton_timeout_s": 0.5})
_CHUNKS, _PAUSE_S = 100, 0.1


@contextlib.contextmanager
def listener(answer) -> Iterator[str]:
    """A server of loopback that treats each connection so, and ends with the test."""
    server = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve():
        with contextlib.suppress(OSError):
            while not stopped.is_set():
                connection, _ = server.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    answer(connection, stopped)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        stopped.set()
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def silent(connection, stopped):
    stopped.wait(_CHUNKS * _PAUSE_S)


def endless(connection, stopped):
    """An answer that never ends, byte by byte: each one comes in time, the whole does not."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    for _ in range(_CHUNKS):
        if stopped.is_set():
            return
        connection.sendall(b" ")
        time.sleep(_PAUSE_S)


def web_page(connection, stopped):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>")


def other_json(connection, stopped):
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a": []}')


def hangs_up(connection, stopped):
    pass


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (silent, r"no answer within 0\.5 s"),
        (endless, r"no answer within 0\.5 s"),
        (web_page, "."),
        (other_json, "."),
        (hangs_up, "."),
    ],
)
def test_a_server_that_does_not_answer_as_triton_is_told(answer, reason, tmp_path):
    write_tiny(tmp_path)
    with (
        listener(answer) as netloc,
        pytest.raises(ModelError, match=rf"^Triton server {netloc}: {reason}.*See that it runs"),
    ):
        TritonNetwork(open_model(tmp_path, "tiny"), QUICK, netloc)


def test_nobody_listens(tmp_path, capfd):
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    netloc = f"127.0.0.1:{free_port()}"
    assert main(["-i", str(source), "-o", str(output), "-t", netloc]) == 6
    written = json.loads((output / "metadata.json").read_text(encoding="utf-8"))
    assert (written["exception"], written["exit_code"]) == ("ModelError", 6)
    assert f"Triton server {netloc}: " in written["exception_message"]
    assert "refused" in written["exception_message"]
    assert capfd.readouterr().err == f"error: ModelError: {written['exception_message']}\n"


def test_the_sdks_flag_and_variable_name_the_server(tmp_path):
    folders = ["-i", str(tmp_path), "-o", str(tmp_path / "../elsewhere")]
    env = {"TRITON_SERVER_NETLOC": "triton:8000"}
    assert parse(folders, env={}).triton_server_netloc is None
    assert parse(folders, env={"TRITON_SERVER_NETLOC": ""}).triton_server_netloc is None
    assert parse(folders, env=env).triton_server_netloc == "triton:8000"
    for flag in ("-t", "--triton-server-netloc"):
        assert parse([*folders, flag, "[::1]:8000"], env=env).triton_server_netloc == "[::1]:8000"


@pytest.mark.parametrize(
    "netloc",
    ["triton", ":8000", "triton:port", "triton:99999", "[::1:8000", "http://triton:8000",
     "triton:8000/path", "me:secret@triton:8000"],
)  # fmt: skip
def test_a_server_named_otherwise_is_refused_and_not_repeated(netloc, tmp_path):
    folders = ["-i", str(tmp_path), "-o", str(tmp_path / "../elsewhere")]
    with pytest.raises(UsageError, match="named as HOST:PORT") as raised:
        parse([*folders, "-t", netloc], env={})
    assert "secret" not in str(raised.value)
