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
        self._whole = asyncio.Event()
        self._whole.set()
        self._end = asyncio.Event()
        self._there = threading.Event()

    def cut(self) -> None:
        """Let nothing pass from now on."""
        self._loop.call_soon_threadsafe(self._whole.clear)

    def mend(self) -> None:
        """Let everything pass again, what was sent meanwhile first."""
        self._loop.call_soon_threadsafe(self._whole.set)

    @contextlib.contextmanager
    def running(self) -> Iterator[Network]:
        """Forward, in a thread, until the block is left."""
        thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        thread.start()
        self._there.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._end.set)
            thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with await asyncio.start_server(self._connect, "127.0.0.1", 0) as listener:
            port = listener.sockets[0].getsockname()[1]
            self.address = f"http://127.0.0.1:{port}{self._server.path}"
            self._there.set()
            await self._end.wait()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(asyncio.CancelledError):
            await self._whole.wait()
            there = await asyncio.open_connection(self._server.hostname, self._server.port)
            with contextlib.closing(there[1]):
                await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes, and at last the end."""
        with contextlib.suppress(ConnectionError):
            while some := await reader.read(2**16):
                await self._whole.wait()
                writer.write(some)
                await writer.drain()
        await self._whole.wait()
        writer.close()
