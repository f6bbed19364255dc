"""Several visitors of one dashboard: apart from each other, gone when they are gone, and small."""

from __future__ import annotations

import asyncio
import shutil
import sys

import numpy as np
import psutil
import pytest
from patience import PATIENCE
from processes import descendants
from serving import enable_extension
from serving import serve as serve_plainly
from tornado.websocket import websocket_connect
from visitors import V1, Visitor, fetch, proportional, visiting

from rareearth_explorer.serving import free_port, notebook, serve

pytestmark = pytest.mark.browser

VISITORS = 10


@pytest.fixture
def dashboard(demo, tmp_path, monkeypatch):
    """The dashboard as `explore` serves it, with a data folder of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    given = {"TABLE": demo.table, "SCENE": demo.scene, "LABELS": demo.labels}
    environment = {f"RAREEARTH_EXPLORER_{k}": str(v) for k, v in given.items()}
    with serve(free_port(), environment, preheat=1) as server:
        yield server


@pytest.fixture(params=["explore", "server"])
def anywhere(request, demo, tmp_path):
    """Where visitors come: to `explore`, and to a Jupyter server in which our extension is enabled.

    Yields the address of the server, and what follows it in that of the page.
    """
    if request.param == "explore":
        yield request.getfixturevalue("dashboard").address, ""
        return
    copy = tmp_path / "explorer.ipynb"
    shutil.copy(notebook(), copy)
    enable_extension(tmp_path / "jupyter")
    environment = {"RAREEARTH_EXPLORER_TABLE": str(demo.table), "XDG_DATA_HOME": str(tmp_path)}
    with serve_plainly("server", copy, environment) as address:
        yield address, f"voila/render/{copy.name}"


def test_ten_visitors_at_once_have_a_state_each(dashboard, capsys):
    async def visit():
        async with visiting(dashboard.address, VISITORS) as visitors:
            seconds = []
            for number in range(3):
                clicks = [visitor.click(10 * number + k) for k, visitor in enumerate(visitors)]
                seconds += await asyncio.gather(*clicks)
            memory = sum(map(proportional, descendants(dashboard.process.pid)))
            p95, each = np.quantile(seconds, 0.95), memory / VISITORS
            sys.stdout.write(f"{len(seconds)} clicks, ten at a time: p95 {p95:.2f} s\n")
            sys.stdout.write(f"all processes below the server, per visitor: {each:.0f} MB (PSS)\n")
            for k, visitor in enumerate(visitors):
                mine = {f"+ {10 * number + k} ✕" for number in range(3)}
                await visitor.until(lambda v=visitor, m=mine: v.templates == m)
            return len({visitor.kernel for visitor in visitors})

    with capsys.disabled():
        assert asyncio.run(visit()) == VISITORS


def test_the_next_page_takes_over_from_a_visitor_who_is_gone(anywhere):
    address, page = anywhere

    async def visit():
        gone = await Visitor.load(address, page=page)
        await gone.open()
        await gone.click(7)
        following = await Visitor.load(address, page=page)
        await following.open()
        await following.until(lambda: following.says("is open in another window"))
        gone.leave()
        await following.until(lambda: following.says("session 'default' continues here"))
        await following.click(9)
        await following.until(lambda: following.templates == {"+ 7 ✕", "+ 9 ✕"})
        following.leave()

    asyncio.run(visit())


def test_a_visitor_who_worked_on_a_copy_is_told_that_the_session_is_free(anywhere):
    address, page = anywhere

    async def visit():
        gone, following = await asyncio.gather(*(Visitor.load(address, page=page) for _ in "12"))
        await gone.open()
        await gone.click(7)
        await following.open()
        await following.click(9)
        gone.leave()
        await following.until(lambda: following.says("'take over' in the session's menu"))
        following.leave()

    asyncio.run(visit())


@pytest.mark.parametrize("protocol", ["", V1])
def test_no_protocol_stops_the_server(anywhere, protocol):
    address, page = anywhere

    async def visit():
        other = await Visitor.load(address, protocol, page)
        await other.open()
        await other.click(3)
        await fetch(f"{address}voila/static/voila.js")
        other.leave()

    asyncio.run(visit())


def test_a_message_that_claims_too_much_ends_its_connection_only(anywhere):
    address, page = anywhere

    async def visit():
        visitor = await Visitor.load(address, page=page)
        place = f"{address.replace('http', 'ws')}api/kernels/{visitor.kernel}/channels"
        for message in (b"\xff" * 64, b"\x00" * 8, b"", "text", b"{}"):
            crafted = await websocket_connect(place, subprotocols=[V1])
            await crafted.write_message(message, binary=isinstance(message, bytes))
            async with asyncio.timeout(PATIENCE):
                while await crafted.read_message() is not None:
                    pass
            crafted.close()
        await visitor.open()
        await visitor.click(3)
        visitor.leave()

    asyncio.run(visit())


def test_nothing_is_left_when_the_server_is_killed(dashboard):
    async def visit():
        visitor = await Visitor.load(dashboard.address)
        await visitor.open()
        await visitor.click(3)
        visitor.leave()

    asyncio.run(visit())
    below = descendants(dashboard.process.pid)
    assert len(below) > 2
    dashboard.process.kill()
    _, left = psutil.wait_procs(below, timeout=PATIENCE)
    assert left == []
