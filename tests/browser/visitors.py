"""Visitors of the dashboard without a browser: a page's WebSocket and the messages it sends.

They load the page, connect to its kernel, open the session and click on patches, as the page's
own JavaScript does, so that a test can have many visitors at once.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from patience import PATIENCE
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

V1 = "v1.kernel.websocket.jupyter.org"
CONTROL = "jupyter.widget.control"


class Visitor:
    """One open page.

    Attributes
    ----------
    states
        State of each widget by its number.
    kernel
        Number of the page's kernel.
    """

    def __init__(self, socket: WebSocketClientConnection, kernel: str, protocol: str) -> None:
        self.socket, self.kernel, self.protocol = socket, kernel, protocol
        self.states: dict[str, dict[str, Any]] = {}
        self._session = uuid.uuid4().hex
        self._seen: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def load(cls, address: str, protocol: str = V1, page: str = "") -> Visitor:
        """Load the page and connect to its kernel.

        Parameters
        ----------
        address
            Address of the server.
        protocol
            Protocol of the WebSocket: v1, or the older one, ''.
        page
            What follows the address of the server in that of the page.
        """
        loaded = await fetch(address + page)
        kernel = re.search(r'"kernelId": ?"([\w-]+)"', loaded)
        assert kernel is not None, loaded[-2000:]
        place = urlsplit(address)
        socket = await websocket_connect(
            f"ws://{place.netloc}{place.path}api/kernels/{kernel[1]}/channels"
            f"?session_id={uuid.uuid4().hex}",
            subprotocols=[protocol] if protocol else None,
            max_message_size=2**28,
        )
        return cls(socket, kernel[1], protocol)

    async def open(self) -> None:
        """Read the widgets, say that the map is shown, and wait until the session is open."""
        comm = uuid.uuid4().hex
        self.send("comm_open", {"comm_id": comm, "target_name": CONTROL, "data": {}})
        self.send("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
        await self.until(lambda: any(s.get("script") == "map" for s in self.states.values()))
        self.update(self.bridge, {"shown": True})
        await self.until(lambda: bool(self.states[self.bridge]["opened"]))

    async def click(self, patch: int) -> float:
        """Click a patch; seconds until the new colours of the map arrive."""
        while not self._seen.empty():
            self._seen.get_nowait()
        began = time.perf_counter()
        message = {"kind": "click", "patch": patch, "other": False}
        self.send(
            "comm_msg",
            {"comm_id": self.bridge, "data": {"method": "custom", "content": message}},
        )
        async with asyncio.timeout(PATIENCE):
            while True:
                comm, state = await self._seen.get()
                if comm == self.bridge and "levels" in state:
                    return time.perf_counter() - began

    @property
    def bridge(self) -> str:
        """Number of the widget that draws on the map."""
        return next(n for n, state in self.states.items() if state.get("script") == "map")

    @property
    def templates(self) -> set[str]:
        """What the buttons of the templates say."""
        said = (str(state.get("description", "")) for state in self.states.values())
        return {text for text in said if re.fullmatch(r"[+−-] \d+ ✕", text)}

    def says(self, text: str) -> bool:
        """Whether any text of the page contains this one."""
        shown = (state.get("value") for state in self.states.values())
        return any(isinstance(value, str) and text in html.unescape(value) for value in shown)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until the page is as a condition says."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.01)

    def update(self, comm: str, state: dict[str, Any]) -> None:
        """Change traits of a widget, as its view in the browser does."""
        data = {"method": "update", "state": state, "buffer_paths": []}
        self.send("comm_msg", {"comm_id": comm, "data": data})

    def send(self, kind: str, content: dict[str, Any]) -> None:
        """Send a message to the kernel."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "username": "",
            "session": self._session,
            "date": datetime.now(UTC).isoformat(),
            "version": "5.3",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {"version": "1.0.0"},  # of the protocol of `CONTROL`
            "content": content,
        }
        if self.protocol:
            self.socket.write_message(
                serialize_msg_to_ws_v1(message, "shell", lambda part: json.dumps(part).encode()),
                binary=True,
            )
        else:
            self.socket.write_message(json.dumps({**message, "channel": "shell", "buffers": []}))

    def leave(self) -> None:
        """Be gone as after a crash of the browser: the connection ends and nothing is said."""
        self._reading.cancel()
        if self.socket.protocol is not None:
            self.socket.protocol._abort()
        self.socket.close()

    async def _read(self) -> None:
        while (message := await self.socket.read_message()) is not None:
            header, content, buffers = parts(message, self.protocol)
            if header["msg_type"] != "comm_msg":
                if header["msg_type"] == "comm_open":
                    self._merge(content["comm_id"], content["data"], buffers)
                continue
            data = content["data"]
            if data.get("method") == "update_states":
                paths = data["buffer_paths"]
                for path, buffer in zip(paths, buffers, strict=True):
                    data["states"][path[0]]["state"][path[1]] = buffer
                self.states.update({n: each["state"] for n, each in data["states"].items()})
            elif data.get("method") == "update":
                self._merge(content["comm_id"], data, buffers)

    def _merge(self, comm: str, data: dict[str, Any], buffers: list[bytes]) -> None:
        state = data.get("state", {})
        for path, buffer in zip(data.get("buffer_paths", []), buffers, strict=True):
            if len(path) == 1:
                state[path[0]] = buffer
        self.states.setdefault(comm, {}).update(state)
        self._seen.put_nowait((comm, state))


def parts(
    message: str | bytes, protocol: str
) -> tuple[dict[str, Any], dict[str, Any], list[bytes]]:
    """Header, content and buffers of a message from the kernel."""
    if protocol:
        assert isinstance(message, bytes)
        _, (header, _, _, content, *buffers) = deserialize_msg_from_ws_v1(message)
        return json.loads(header), json.loads(content), buffers
    whole = json.loads(message) if isinstance(message, str) else deserialize_binary_message(message)
    return whole["header"], whole["content"], whole.get("buffers", [])


async def fetch(address: str) -> str:
    """Load a page."""
    client = AsyncHTTPClient(force_instance=True)
    try:
        answer = await client.fetch(address, request_timeout=PATIENCE, connect_timeout=PATIENCE)
        return answer.body.decode()
    finally:
        client.close()


@asynccontextmanager
async def visiting(address: str, count: int) -> AsyncIterator[list[Visitor]]:
    """Have that many visitors, who come at the same time, until the block is left."""
    visitors = await asyncio.gather(*(Visitor.load(address) for _ in range(count)))
    try:
        await asyncio.gather(*(visitor.open() for visitor in visitors))
        yield visitors
    finally:
        for visitor in visitors:
            visitor.leave()


def proportional(process: psutil.Process) -> float:
    """Memory of a process in MB: a page that n processes share counts as 1/n page in each (PSS)."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss: +(\d+) kB", rollup, re.M)
    assert found is not None
    return int(found[1]) / 1000
