"""Kernels of the dashboard: ended when their page is gone, and none earlier or of others."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from jupyter_server._tz import utcnow

from rareearth_explorer.serving import visitor_kernels
from rareearth_explorer.serving.kernel_connection import _is_readable
from rareearth_explorer.serving.visitor_kernels import VisitorKernels


class Clock:
    """Time that passes when a test says so."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(visitor_kernels, "time", clock)
    return clock


@pytest.fixture
def kernels(monkeypatch):
    """A manager of one kernel without a process, and the kernels that it has ended."""
    manager, ended = VisitorKernels(), []
    manager._kernel_connections["k"] = 0

    async def end(kernel_id):
        ended.append(kernel_id)

    monkeypatch.setattr(manager, "shutdown_kernel", end)
    return manager, ended


def look(manager):
    asyncio.run(manager.cull_kernel_if_idle("k"))


def test_a_page_that_is_gone_has_twenty_seconds_to_come_back(kernels, clock):
    manager, ended = kernels
    manager._pages["k"] = manager.unvisited_timeout
    manager.notify_connect("k")
    clock.now = 5000  # the person reads
    look(manager)
    manager.notify_disconnect("k")
    clock.now += 19
    look(manager)
    manager.notify_connect("k")
    clock.now += 500
    look(manager)
    manager.notify_disconnect("k")
    assert ended == []
    clock.now += 20
    look(manager)
    assert ended == ["k"]


def test_a_page_that_loads_slowly_keeps_its_kernel(kernels, clock):
    manager, ended = kernels
    manager._pages["k"] = manager.unvisited_timeout
    look(manager)
    clock.now += 599
    look(manager)
    assert ended == []
    clock.now += 1
    look(manager)
    assert ended == ["k"]


@pytest.mark.parametrize(("jupyters_timeout", "culled"), [(0, []), (3600, ["k"])])
def test_for_a_kernel_that_is_no_pages_jupyters_rule_stands(
    kernels, clock, jupyters_timeout, culled
):
    manager, ended = kernels
    manager.cull_idle_timeout = jupyters_timeout
    manager._kernels["k"] = SimpleNamespace(
        execution_state="idle",
        kernel_name="python3",
        last_activity=utcnow() - timedelta(days=1),
        kernel_spec=SimpleNamespace(metadata={}),
    )
    manager.notify_connect("k")
    manager.notify_disconnect("k")
    clock.now += 1e6
    look(manager)
    assert ended == culled


@pytest.mark.parametrize(
    ("message", "named", "readable"),
    [
        (b"\x02" + bytes(7) + bytes(16), True, True),
        (b"\x02" + bytes(7) + bytes(15), True, False),
        (b"\xff" * 64, True, False),
        (b"", True, False),
        ("{}", True, False),
        ("{}", False, True),
        (b"\x00\x00\x00\x01" + bytes(4), False, True),
        (b"\x7f\xff\xff\xff" + bytes(4), False, False),
    ],
)
def test_what_a_message_claims_is_compared_with_its_length(message, named, readable):
    assert _is_readable(message, named=named) is readable
