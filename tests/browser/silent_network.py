"""A network between browser and server that can fail as a pulled cable does: nobody is told."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit


class Network:
    """Forwards connections to a server.

    While it is cut, nothing passes in either direction, not even the end of a connection, and new
    connections stay without an answer.

    Attributes
    ----------
    address
        Address of the server through this network.
    """

    def __init__(self, server: str) -> None:
        self.address = ""
        self._server = urlsplit(server)
        self._loop = asyncio.new_event_loop()
        self._whole = asyncio.Event()
        self._whole.set()

    def cut(self) -> None:
        """Let nothing pass from now on."""
        self._loop.call_soon_threadsafe(self._whole.clear)

    def mend(self) -> None:
        """Let everything pass again, what was sent meanwhile first."""
        self._loop.call_soon_threadsafe(self._whole.set)

    @contextlib.contextmanager
    def running(self) -> Iterator[Network]:
        """Forward, in a thread, until the block is left."""
        there, end = threading.Event(), asyncio.Event()

        async def serve() -> None:
            listener = await asyncio.start_server(self._connect, "127.0.0.1", 0)
            port = listener.sockets[0].getsockname()[1]
            self.address = f"http://127.0.0.1:{port}{self._server.path}"
            there.set()
            await end.wait()
            listener.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        thread = threading.Thread(target=self._loop.run_until_complete, args=(serve(),))
        thread.start()
        there.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(end.set)
            thread.join()
            self._loop.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._whole.wait()
        there = await asyncio.open_connection(self._server.hostname, self._server.port)
        await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes, and at last the end."""
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while some := await reader.read(2**16):
                await self._whole.wait()
                writer.write(some)
                await writer.drain()
        if self._whole.is_set():
            writer.close()
