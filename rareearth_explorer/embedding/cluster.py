"""Embedding on a Dask cluster: workers read and embed blocks, and this process saves them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE, Bbox, PatchGrid
from rareearth_explorer.data.storage.finished_parts import differences
from rareearth_explorer.data.threads import cores
from rareearth_explorer.embedding.blocks import Block, EmbeddedBlock, cut_block, embed_block
from rareearth_explorer.embedding.encoders.encoder import Encoder
from rareearth_explorer.embedding.pixel_source import PixelSource
from rareearth_explorer.embedding.provenance import describe_encoder, describe_sources
from rareearth_explorer.embedding.running import PATIENCE, Finished, Numbered, as_finished
from rareearth_explorer.embedding.scene_embedding import BATCH, EmbeddingReport, fill_table, plan_of
from rareearth_explorer.errors import ExplorerError

PAUSE = 0.1
"""Seconds between two looks for a worker."""

Client = Any
"""A `distributed.Client`; its methods are not typed."""


@dataclass(frozen=True)
class Job:
    """Everything a worker needs to embed any block; sent with each block, as workers come and go.

    Attributes
    ----------
    key
        Identifies the job: a worker opens scene and encoder once per job.
    open_scene, make_encoder
        Functions that do this, from files that every worker can read.
    grid, batch
        As for `embed_scene`.
    plan
        The result of `plan_of`, which must hold on every worker; empty until it is known.
    """

    key: str
    open_scene: Callable[[], PixelSource] = field(compare=False)
    make_encoder: Callable[[], Encoder] = field(compare=False)
    grid: PatchGrid = field(compare=False)
    batch: int = field(compare=False)
    plan: dict[str, Any] = field(default_factory=dict, compare=False)


def embed_on_cluster(
    open_scene: Callable[[], PixelSource],
    make_encoder: Callable[[], Encoder],
    table: Path,
    cluster: str | int,
    *,
    patch_size: float = DEFAULT_PATCH_SIZE,
    batch: int = BATCH,
    bbox: Bbox | None = None,
    progress: bool = True,
) -> EmbeddingReport:
    """Embed a scene as `embed_scene` does, on a Dask cluster.

    The result is the same to the bit on processors of one kind; other kinds may round differently.
    If a worker is lost, other workers embed its unfinished blocks. A run that was started on a
    cluster may be finished without one, and vice versa.

    Parameters
    ----------
    open_scene, make_encoder
        Called here and once on each worker, so they must be picklable; the files that they read
        must have the same paths everywhere.
    table, patch_size, batch, bbox, progress
        As for `embed_scene`.
    cluster
        Address of a running scheduler, or a number of worker processes to start here.

    Raises
    ------
    ExplorerError
        As for `embed_scene`; or the cluster cannot be reached, has no worker, was lost, or has a
        worker with different files or another device.
    """
    with open_scene() as scene, _connected(cluster) as client:
        grid = scene.grid(patch_size)
        job = Job(uuid4().hex, open_scene, make_encoder, grid, batch)
        # A worker answers, because this machine may have neither torch nor a GPU.
        described = _ask(client, partial(_describe_encoder, job))
        plan = plan_of(scene, grid, described, batch, bbox)
        embed = partial(_embed_by_workers, client, replace(job, plan=plan))
        return fill_table(scene, grid, plan, embed, table, progress=progress)


def already_made(encoder: Encoder) -> Callable[[], Encoder]:
    """Return what hands over an encoder, where a function that makes one is asked for."""
    return partial(_same, encoder)


def _same(encoder: Encoder) -> Encoder:
    return encoder


def _embed_by_workers(client: Client, job: Job, work: Sequence[Numbered]) -> Finished:
    executor = client.get_executor()
    with _sentences(client):
        yield from as_finished(
            lambda block: executor.submit(_embed_on_worker, job, block),
            work,
            # Two blocks per thread, so that no thread waits for this process.
            lambda running: 2 * _threads(client, running),
        )


def _ask(client: Client, question: Callable[[], Any]) -> Any:
    """Call a function on one worker, and return its result."""
    with _sentences(client):
        _threads(client)
        return client.submit(question, pure=False).result()


def _threads(client: Client, running: Collection[Future[EmbeddedBlock]] = ()) -> int:
    """Count the threads of all workers; if none is left, wait a while for a new worker.

    Without a worker it returns 0 when one of the `running` blocks has ended: why it ended says more
    than that the worker is lost.
    """
    patience = time.monotonic() + PATIENCE
    while not (threads := int(sum(client.nthreads().values()))):
        if any(block.done() for block in running):
            return 0
        if time.monotonic() > patience:
            raise TimeoutError
        time.sleep(PAUSE)
    return threads


@contextmanager
def _connected(cluster: str | int) -> Iterator[Client]:
    if find_spec("distributed") is None:
        raise ExplorerError(
            'Dask is not installed here: run pip install "rareearth-explorer[dask]".'
        )
    import distributed

    with ExitStack() as opened:
        if isinstance(cluster, int):
            started = distributed.LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=cluster,
                threads_per_worker=max(1, cores() // cluster),
                dashboard_address="127.0.0.1:0",  # any free port, as the default may be in use
                silence_logs=logging.ERROR,
            )
            cluster = str(opened.enter_context(started).scheduler_address)
        client = opened.enter_context(_client_of(cluster))
        _require_worker(client)
        yield client


def _client_of(address: str) -> Client:
    """Connect to a scheduler."""
    import distributed
    from distributed.comm.addressing import resolve_address

    try:
        # Before the client is made: a client with an invalid address cannot be closed.
        resolve_address(address)
        return distributed.Client(  # type: ignore[no-untyped-call]
            address, timeout=PATIENCE / 3, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise ExplorerError(
            f"{address}: no Dask scheduler answers there; start one with 'dask scheduler', "
            "and give the address that it prints."
        ) from error


def _require_worker(client: Client) -> None:
    """Wait a little for the first worker, which may have been started at the same moment."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE / 2)
    except TimeoutError as error:
        address = client.scheduler.address
        raise ExplorerError(
            f"{address}: no worker is connected; start one with 'dask worker {address}'."
        ) from error


@contextmanager
def _sentences(client: Client) -> Iterator[None]:
    """Turn errors of a cluster into one sentence each."""
    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    address = client.scheduler.address
    again = "finished blocks are kept, so run the command again"
    try:
        yield
    except KilledWorker as error:
        raise ExplorerError(
            f"{address}: a block has ended several workers, usually for lack of memory; {again} "
            "with a smaller --batch or workers with more memory."
        ) from error
    except TimeoutError as error:
        raise ExplorerError(
            f"{address}: the last worker was lost; {again} after 'dask worker {address}'."
        ) from error
    except (CancelledError, CommClosedError) as error:
        raise ExplorerError(f"{address}: the scheduler was lost; {again} when it runs.") from error
    except ModuleNotFoundError as error:
        raise ExplorerError(
            f"{address}: a worker cannot import {error.name}; install the same packages there."
        ) from error


_PREPARING = threading.Lock()
"""Held by the thread of a worker that loads the weights, while its other threads wait."""


@lru_cache(maxsize=1)  # a worker caches the scene and the encoder of one job
def _prepare(job: Job) -> tuple[PixelSource, Encoder, dict[str, Any]]:
    """Open the scene, load the encoder, and return the facts that the plan must agree with."""
    scene, encoder = job.open_scene(), job.make_encoder()
    return scene, encoder, {"encoder": describe_encoder(encoder), "scenes": describe_sources(scene)}


@contextmanager
def _prepared(job: Job) -> Iterator[tuple[PixelSource, Encoder, dict[str, Any]]]:
    """Yield the cached scene and encoder of a worker; errors name the worker."""
    from distributed import get_worker

    try:
        with _PREPARING:
            kept = _prepare(job)
        yield kept
    except ExplorerError as error:
        raise type(error)(f"On the worker {get_worker().address}: {error}") from error


def _describe_encoder(job: Job) -> dict[str, Any]:
    with _prepared(job) as (_, _, facts):
        described: dict[str, Any] = facts["encoder"]
        return described


def _embed_on_worker(job: Job, block: Block) -> EmbeddedBlock:
    with _prepared(job) as (scene, encoder, facts):
        planned = {name: job.plan[name] for name in facts}
        if changed := list(differences(planned, facts)):
            raise ExplorerError(
                f"its {', '.join(changed)} differ from those of the other workers; give all "
                "workers the same files, device and version of torch."
            )
        return embed_block(encoder, cut_block(scene, job.grid, block), job.batch)
