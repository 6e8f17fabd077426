"""Work is done in other processes, so what they do is written in functions of this module."""

import os
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from distributed import Client, LocalCluster, Security

from cmr.errors import UsageError
from validation.cohort import runner
from validation.cohort.runner import DIED, cluster, run_jobs

pytestmark = pytest.mark.requirement("VAL-07")


def square(number):
    return number * number


def fragile(number):
    """3 kills its process, 4 raises."""
    if number == 3:
        os._exit(9)
    if number == 4:
        raise ValueError("four")
    time.sleep(0.05)
    return square(number)


def fatal_once(path):
    """Kills its process the first time."""
    if not path.exists():
        path.touch()
        os._exit(9)
    return "done"


def process(_):
    time.sleep(0.2)
    return os.getpid()


def failed(job, reason):
    return f"{job}: {reason}"


@pytest.fixture(scope="module")
def client():
    with cluster(None, 2) as client:
        yield client


def test_jobs_run_in_processes_of_their_own(client):
    pids = {pid for _, pid in run_jobs(process, range(6), client, failed)}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_a_broken_job_and_a_dead_worker_cost_their_own_jobs_alone(client):
    found = dict(run_jobs(fragile, range(8), client, failed))
    assert found == {n: n * n for n in range(8)} | {3: f"3: {DIED}", 4: "4: ValueError: four"}


def test_a_job_whose_worker_died_gets_a_second_chance(client, tmp_path):
    path = tmp_path / "mark"
    assert list(run_jobs(fatal_once, [path], client, failed)) == [(path, "done")]


def test_no_jobs_are_no_work(client):
    assert list(run_jobs(square, [], client, failed)) == []


def stranger(certificate):
    """A TLS client that trusts anybody, and shows this certificate or none."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate)
    return context


@pytest.fixture(params=["no certificate", "one of its own"])
def certificate(request, tmp_path):
    if request.param == "no certificate":
        return None
    own = Security.temporary()
    (tmp_path / "own.pem").write_text(own.tls_client_key + own.tls_client_cert)
    return tmp_path / "own.pem"


def test_other_users_of_the_machine_have_no_way_in(client, certificate):
    workers = client.scheduler_info()["workers"]
    nannies = [worker["nanny"] for worker in workers.values()]
    assert nannies
    for address in (client.scheduler.address, *workers, *nannies):
        place = urlsplit(address)
        assert (place.scheme, place.hostname) == ("tls", "127.0.0.1")
        with (
            socket.create_connection((place.hostname, place.port), timeout=10) as plain,
            # In TLS 1.3 a client hears with the first bytes that it was refused.
            pytest.raises(ssl.SSLError, match=r"certificate required|unknown ca"),
            stranger(certificate).wrap_socket(plain) as connection,
        ):
            connection.recv(1)


def test_a_client_without_the_credentials_is_refused(client):
    with pytest.raises(OSError, match="TLS certificate does not match"):
        Client(client.scheduler.address, security=Security.temporary(), timeout=5)


def running(workers):
    """A cluster that somebody else has started."""
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=2,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
    )


def test_a_running_scheduler_is_used_by_its_address():
    with running(1) as local, cluster(local.scheduler_address, 5) as client:
        assert sum(client.nthreads().values()) == 2
        assert dict(run_jobs(square, range(5), client, failed)) == {n: n * n for n in range(5)}


def test_no_answer_is_one_line(monkeypatch):
    monkeypatch.setattr(runner, "_CONNECT_S", 0.5)
    with (
        pytest.raises(UsageError, match=r"tcp://127.0.0.1:9: no answer"),
        cluster("tcp://127.0.0.1:9", 1),
    ):
        pass
    with pytest.raises(UsageError, match="no answer"), cluster("nonsense://x", 1):
        pass


def test_a_scheduler_without_workers_is_refused(monkeypatch):
    monkeypatch.setattr(runner, "_CONNECT_S", 0.5)
    with (
        running(0) as local,
        pytest.raises(UsageError, match="no workers"),
        cluster(local.scheduler_address, 1),
    ):
        pass


def test_nothing_stays_in_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with cluster(None, 1) as client:
        assert client.submit(square, 3).result() == 9
    assert list(Path(tmp_path).iterdir()) == []
