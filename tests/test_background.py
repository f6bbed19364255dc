"""Work beside the clicks: deferred on this thread, or in another process that may die."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import psutil
import pytest
from patience import PATIENCE, eventually
from processes import alive, running

from rareearth_explorer.widgets.tasks import Aside, Deferred, Failure, Worker


def nothing():
    pass


def fail(reason):
    raise ValueError(reason)


@pytest.fixture
def worker():
    worker = Worker(nothing)
    yield worker
    worker.stop()


def test_deferred_runs_at_once_without_a_loop():
    calls = []
    Deferred(lambda: calls.append(1))()
    assert calls == [1]


def test_deferred_runs_once_for_many_requests():
    async def many():
        calls = []
        deferred = Deferred(lambda: calls.append(1), delay=0.01)
        for _ in range(5):
            deferred()
        before, later = len(calls), asyncio.Event()
        Deferred(later.set, delay=0.01)()  # asked for last, so it comes after all others
        await later.wait()
        return before, len(calls)

    assert asyncio.run(many()) == (0, 1)


def test_aside_says_what_failed():
    results = []
    Aside("test").submit(results.append, fail, "no luck")
    assert results[0].reason == "ValueError: no luck"


def test_aside_says_on_the_loop_what_failed_and_goes_on():
    async def run():
        aside, results = Aside("test"), asyncio.Queue()
        aside.submit(results.put_nowait, fail, "no luck")
        first = await asyncio.wait_for(results.get(), PATIENCE)
        aside.submit(results.put_nowait, divmod, 7, 2)
        return first, await asyncio.wait_for(results.get(), PATIENCE)

    failure, result = asyncio.run(run())
    assert isinstance(failure, Failure)
    assert failure.reason == "ValueError: no luck"
    assert result == (3, 1)


@pytest.mark.slow
def test_worker_gives_the_result(worker):
    results = []
    worker.submit(results.append, divmod, 17, 5)
    assert results == [(3, 2)]
    assert not worker.busy


@pytest.mark.slow
def test_worker_delivers_on_the_loop(worker):
    async def run():
        done = asyncio.Event()
        results = []
        worker.submit(lambda r: (results.append(r), done.set()), pow, 2, 10)
        assert worker.busy
        await asyncio.wait_for(done.wait(), PATIENCE)
        return results

    assert asyncio.run(run()) == [1024]


@pytest.mark.slow
def test_worker_says_what_failed_and_goes_on(worker):
    results = []
    worker.submit(results.append, fail, "no luck")
    worker.submit(results.append, divmod, 7, 2)
    assert isinstance(results[0], Failure)
    assert results[0].reason == "ValueError: no luck"
    assert results[1] == (3, 1)


@pytest.mark.slow
def test_a_killed_worker_is_a_failure_and_is_replaced(worker):
    results = []
    worker.submit(results.append, os._exit, 9)
    worker.submit(results.append, divmod, 7, 2)
    assert "ended before" in results[0].reason
    assert results[1] == (3, 1)


@pytest.mark.slow
def test_cancelled_work_is_never_delivered(worker):
    async def run():
        results = []
        worker.submit(results.append, signal.pause)  # never ends
        worker.cancel()
        assert not worker.busy
        done = asyncio.Event()
        worker.submit(lambda r: (results.append(r), done.set()), divmod, 7, 2)
        await asyncio.wait_for(done.wait(), PATIENCE)
        return results

    assert asyncio.run(run()) == [(3, 1)]


PARENT = """
import signal
from rareearth_explorer.widgets.tasks import Worker
from rareearth_explorer.score.projection import first_two
worker = Worker(print)
worker.start()
print(worker._process.pid, flush=True)
signal.pause()
"""


@pytest.mark.slow
def test_the_process_ends_with_a_parent_killed_hard():
    # Run as a module would be: spawning needs an importable main.
    with running([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        eventually(lambda: not alive(child), "the worker outlived its parent")
