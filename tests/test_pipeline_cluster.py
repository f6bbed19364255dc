"""Embedding on a real Dask cluster of processes on this machine, some of which are killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fake_encoders import Failing, Means, means_on, refuse, slow_tiny_clay, tiny_clay
from patience import PATIENCE, eventually
from processes import end

from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.embedding import cluster as cluster_module
from rareearth_explorer.embedding import embed_scene
from rareearth_explorer.embedding import running as running_module
from rareearth_explorer.embedding.cluster import embed_on_cluster
from rareearth_explorer.errors import EncoderError, ExplorerError, TableError

pytestmark = pytest.mark.slow

distributed = pytest.importorskip("distributed", reason="needs Dask: pip install .[dask]")

TESTS = Path(__file__).parent
SIDE = 12


class Processes:
    """A scheduler and workers, as a person starts them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def scheduler(self, **environment: str) -> None:
        contact = self._folder / "scheduler.json"
        self._start("scheduler", "--host=127.0.0.1", "--port=0", "--no-dashboard",
                    f"--scheduler-file={contact}", **environment)  # fmt: skip
        eventually(contact.exists, "the scheduler did not start")
        self.address = json.loads(contact.read_text())["address"]

    def worker(self, threads: int = 1, **environment: str) -> subprocess.Popen[bytes]:
        """Start one, and wait until the scheduler has it."""
        name = f"worker-{len(self._running)}"
        process = self._start(
            "worker", self.address, "--no-nanny", "--no-dashboard", f"--nthreads={threads}",
            f"--name={name}", f"--local-directory={self._folder}", "--host=127.0.0.1",
            **environment,
        )  # fmt: skip
        with distributed.Client(self.address, timeout=PATIENCE, set_as_default=False) as client:
            eventually(lambda: name in names_of_workers(client), f"{name} did not start")
        return process

    def stop(self) -> None:
        for process in reversed(self._running):
            process.kill()  # a lost machine does not say that it goes
            end(process)

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        program = Path(sys.executable).with_name("dask")
        process = subprocess.Popen(
            [str(program), *arguments],
            env=os.environ | {"PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"} | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._running.append(process)
        return process


def names_of_workers(client: Any) -> set[str]:
    return {worker["name"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()}


@contextmanager
def dask(folder: Path, **environment: str) -> Iterator[Processes]:
    """A scheduler, and workers once they are asked for, until the block is left."""
    processes = Processes(folder)
    try:
        processes.scheduler(**environment)
        yield processes
    finally:
        processes.stop()


@pytest.fixture
def cluster(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Processes]:
    monkeypatch.setattr(cluster_module, "PATIENCE", PATIENCE)
    with dask(tmp_path_factory.mktemp("dask")) as processes:
        yield processes


@pytest.fixture
def scene(make_geotiff: Callable[..., Path]) -> Path:
    pixels = np.random.default_rng(1).integers(200, 4000, (8, 30 * SIDE, 3 * SIDE), np.uint16)
    return make_geotiff(pixels, "20220307_040000_scene.tif")


@pytest.fixture
def options() -> dict[str, Any]:
    return {"patch_size": 36, "progress": False}


def local(scene: Path, encoder: Any, table: Path, options: dict[str, Any]) -> Path:
    with open_scene(scene) as opened:
        return embed_scene(opened, encoder, table, **options).table


def assert_same_tables(one: Path, other: Path) -> None:
    assert pq.read_table(one).equals(pq.read_table(other), check_metadata=True)
    assert pq.read_metadata(one).metadata == pq.read_metadata(other).metadata


def finished(table: Path) -> int:
    return len(list(table.with_name(table.name + ".blocks").glob("*.npz")))


def wait_for(blocks: int, table: Path) -> None:
    eventually(lambda: finished(table) >= blocks, "the blocks do not come")


def test_tiny_clay_with_a_worker_killed(
    cluster: Processes, scene: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    """One of two workers is killed in the middle, and a third comes."""
    pytest.importorskip("torch", reason="Clay needs torch: pip install .[clay]")
    table = tmp_path / "table.parquet"
    victim, _ = cluster.worker(threads=2), cluster.worker()

    def kill() -> None:
        wait_for(5, table)
        victim.send_signal(signal.SIGKILL)
        cluster.worker()

    killing = threading.Thread(target=kill, daemon=True)
    killing.start()
    report = embed_on_cluster(
        partial(open_scene, scene), slow_tiny_clay, table, cluster.address, **options
    )
    killing.join()
    assert victim.wait() == -signal.SIGKILL
    assert (report.patches, report.resumed) == (90, 0)
    assert_same_tables(table, local(scene, tiny_clay(), tmp_path / "local.parquet", options))


def test_a_run_begun_here_ends_on_a_cluster(
    cluster: Processes, scene: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    table = tmp_path / "table.parquet"
    with pytest.raises(EncoderError):
        local(scene, Failing(8, refuse, bands=8), table, options)
    begun = finished(table)
    assert begun > 0
    cluster.worker()
    opening = partial(open_scene, scene)
    with pytest.raises(TableError, match="other encoder gsd"):
        embed_on_cluster(opening, partial(Means, 8, gsd=3), table, cluster.address, **options)
    report = embed_on_cluster(opening, partial(Means, 8), table, cluster.address, **options)
    assert report.resumed == begun
    assert_same_tables(table, local(scene, Means(8), tmp_path / "local.parquet", options))


class TestTrouble:
    @pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x"])
    def test_no_scheduler(
        self,
        scene: Path,
        tmp_path: Path,
        options: dict[str, Any],
        monkeypatch: pytest.MonkeyPatch,
        address: str,
    ) -> None:
        monkeypatch.setattr(cluster_module, "PATIENCE", 1)
        with pytest.raises(ExplorerError, match=f"{address}: no Dask scheduler answers there"):
            embed_on_cluster(
                partial(open_scene, scene), Means, tmp_path / "t.parquet", address, **options
            )

    def test_no_worker(
        self,
        cluster: Processes,
        scene: Path,
        tmp_path: Path,
        options: dict[str, Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        connect = cluster_module._client_of

        def connected(address: str) -> Any:
            client = connect(address)
            monkeypatch.setattr(cluster_module, "PATIENCE", 1)
            return client

        monkeypatch.setattr(cluster_module, "_client_of", connected)
        address = cluster.address
        said = f"{address}: no worker is connected; start one with 'dask worker {address}'."
        with pytest.raises(ExplorerError, match=f"^{re.escape(said)}$"):
            embed_on_cluster(
                partial(open_scene, scene),
                Means,
                tmp_path / "t.parquet",
                cluster.address,
                **options,
            )

    def test_a_failure_on_a_worker_says_where(
        self, cluster: Processes, scene: Path, tmp_path: Path, options: dict[str, Any]
    ) -> None:
        cluster.worker()
        table = tmp_path / "table.parquet"
        opening, failing = partial(open_scene, scene), partial(Failing, 4, refuse, bands=8)
        with pytest.raises(EncoderError, match=r"On the worker tcp://127.*: X cannot be used"):
            embed_on_cluster(opening, failing, table, cluster.address, **options)
        assert not table.exists()
        assert finished(table) > 0

    def test_workers_that_differ_are_not_mixed(
        self, cluster: Processes, scene: Path, tmp_path: Path, options: dict[str, Any]
    ) -> None:
        """As where one worker has a GPU and another has none."""
        for device in ("cpu", "cuda"):
            cluster.worker(RAREEARTH_TEST_DEVICE=device)
        make = partial(means_on, "RAREEARTH_TEST_DEVICE")
        with pytest.raises(ExplorerError, match="its encoder device differ from those"):
            embed_on_cluster(
                partial(open_scene, scene), make, tmp_path / "t.parquet", cluster.address, **options
            )

    def test_the_last_worker_lost(
        self,
        cluster: Processes,
        scene: Path,
        tmp_path: Path,
        options: dict[str, Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(running_module, "PATIENCE", 0.5)
        worker = cluster.worker()
        table = tmp_path / "table.parquet"
        stuck = partial(Failing, 4, signal.pause, bands=8)

        def kill() -> None:
            wait_for(3, table)
            monkeypatch.setattr(cluster_module, "PATIENCE", 1)
            worker.kill()

        killing = threading.Thread(target=kill, daemon=True)
        killing.start()
        with pytest.raises(ExplorerError, match=r"the last worker was lost; finished blocks are"):
            embed_on_cluster(
                partial(open_scene, scene),
                stuck,
                table,
                cluster.address,
                **options,
            )
        killing.join()
        assert 3 <= finished(table) < 30

    def test_a_lost_scheduler(
        self, cluster: Processes, scene: Path, tmp_path: Path, options: dict[str, Any]
    ) -> None:
        cluster.worker()
        table = tmp_path / "table.parquet"
        stuck = partial(Failing, 4, signal.pause, bands=8)

        def stop() -> None:
            wait_for(3, table)
            cluster.stop()

        stopping = threading.Thread(target=stop, daemon=True)
        stopping.start()
        with pytest.raises(ExplorerError, match="the scheduler was lost; finished blocks are kept"):
            embed_on_cluster(
                partial(open_scene, scene),
                stuck,
                table,
                cluster.address,
                **options,
            )
        stopping.join()
        assert 3 <= finished(table) < 30

    def test_a_block_that_ends_workers(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        scene: Path,
        tmp_path: Path,
        options: dict[str, Any],
    ) -> None:
        once = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
        with dask(tmp_path_factory.mktemp("dask"), **once) as cluster:
            cluster.worker()
            make = partial(Failing, 4, partial(os._exit, 1), bands=8)
            with pytest.raises(ExplorerError, match="a block has ended several workers"):
                embed_on_cluster(
                    partial(open_scene, scene), make, tmp_path / "t.parquet", cluster.address,
                    **options,
                )  # fmt: skip
