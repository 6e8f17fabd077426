"""Run jobs over worker processes with Dask distributed, whatever happens to one of them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import dask
from distributed import Client, KilledWorker, LocalCluster, wait

from cmr.errors import UsageError

J = TypeVar("J")
R = TypeVar("R")

DIED = "the worker process died on this case, also alone: out of memory, or a crash."
_CONNECT_S = 30
_HOST = "127.0.0.1"


def run_jobs(
    work: Callable[[J], R], jobs: Sequence[J], client: Client, failed: Callable[[J, str], R]
) -> Iterator[tuple[J, R]]:
    """Yield each job with its result as it is done.

    A job whose worker died is run once more, alone, as another job may have been the cause; then
    it has failed.

    Parameters
    ----------
    work
        What a worker does with a job; importable there.
    failed
        Makes the result of a job that gave none, from the reason.

    Raises
    ------
    UsageError
        The connection to the cluster was lost.
    """
    again: list[J] = []
    try:
        for job, future in _finished(work, jobs, client):
            if isinstance(future.exception(), KilledWorker):
                again.append(job)
            else:
                yield job, _result(job, future, failed)
        for alone in again:
            for job, future in _finished(work, [alone], client):
                yield job, _result(job, future, failed)
    except (CancelledError, OSError) as error:
        raise UsageError(
            "The connection to the Dask cluster was lost. Measured cases are kept: start the same "
            "command again."
        ) from error


def _finished(work: Callable[[J], R], jobs: Iterable[J], client: Client) -> Iterator[tuple[J, Any]]:
    """Finished futures; no more jobs at a time than threads, so that a death costs few of them."""
    waiting = deque(jobs)
    running: dict[Any, J] = {}
    while waiting or running:
        while waiting and len(running) < max(1, sum(client.nthreads().values())):
            job = waiting.popleft()
            running[client.submit(work, job, pure=False)] = job
        for future in wait(list(running), return_when="FIRST_COMPLETED").done:
            yield running.pop(future), future


def _result(job: J, future: Any, failed: Callable[[J, str], R]) -> R:
    error = future.exception()
    if error is None:
        result: R = future.result()
        return result
    if isinstance(error, KilledWorker):
        return failed(job, DIED)
    return failed(job, f"{type(error).__name__}: {error}")


@contextmanager
def cluster(scheduler: str | None, workers: int) -> Iterator[Client]:
    """Connect to a scheduler, or start processes of one thread on this machine.

    Parameters
    ----------
    scheduler
        Address such as ``tcp://host:8786``; None starts a local cluster.
    workers
        Processes of the local cluster.

    Raises
    ------
    UsageError
        The scheduler does not answer, or has no workers.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with _connected(scheduler) if scheduler else _local(workers) as client:
        yield client


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    try:
        client = Client(scheduler, timeout=_CONNECT_S)
        client.wait_for_workers(1, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise UsageError(f"Dask scheduler {scheduler}: no answer, or no workers.") from error
    with client:
        yield client


@contextmanager
def _local(workers: int) -> Iterator[Client]:
    with TemporaryDirectory(prefix="validation-", ignore_cleanup_errors=True) as scratch:
        settings = {
            "temporary-directory": scratch,
            # A job that kills its worker gets its second chance from run_jobs, alone.
            "distributed.scheduler.allowed-failures": 0,
        }
        with (
            dask.config.set(settings),
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host=_HOST,
                # Anybody on this machine may connect; only this process has the credentials.
                protocol="tls",
                security=True,
                dashboard_address=None,
                worker_dashboard_address=None,
                # Dask always opens this port; without a number it takes a fixed one and warns.
                scheduler_kwargs={"dashboard_address": f"{_HOST}:0"},
                silence_logs=logging.CRITICAL,
                memory_limit=0,  # a worker near its limit would be paused for ever
            ) as local,
            Client(local) as client,
        ):
            yield client
