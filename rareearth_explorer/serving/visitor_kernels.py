"""The kernels of a dashboard's visitors: one for each page, ended soon after the page is gone."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Float

OF_VOILA = "VOILA_PREHEAT"
"""Environment variable that Voila sets in each kernel that it starts."""


class VisitorKernels(AsyncMappingKernelManager):
    """Ends the kernel of a visitor whose connection is gone, however long it was idle before.

    A page that is left ends its kernel itself. A browser that crashes, or a network that fails,
    cannot; the session would stay locked. Jupyter's own rule, `cull_idle_timeout` seconds since
    the last message, also ends the kernel of a person who reads and whose network fails for a
    moment, and a kernel kept ready before its page has loaded. Here the time counts from the
    loss of the connection. Jupyter's rule stands for the kernels that Voila did not start, such as
    those of notebooks in the same Jupyter server.
    """

    gone_timeout = Float(
        20,
        config=True,
        help="Seconds after which a kernel is ended whose page has lost its connection.",
    )
    look_interval = Float(5, config=True, help="Seconds between two looks for pages that are gone.")
    unvisited_timeout = Float(
        600,
        config=True,
        help="Seconds after which a kernel is ended whose page never connected. It holds no "
        "session; over a slow connection a page loads for minutes.",
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._pages: dict[str, float] = {}
        self._alone: dict[str, float] = {}

    async def start_kernel(self, *arguments: Any, **options: Any) -> str:  # type: ignore[override]
        """Start a kernel and remember whether it is one of a page."""
        kernel_id = str(await super().start_kernel(*arguments, **options))
        if OF_VOILA in (options.get("env") or {}):
            self._pages[kernel_id] = self.unvisited_timeout
        return kernel_id

    def notify_connect(self, kernel_id: str) -> None:
        """Note that a page has connected."""
        super().notify_connect(kernel_id)
        self._alone.pop(kernel_id, None)
        if kernel_id in self._pages:
            self._pages[kernel_id] = self.gone_timeout

    def notify_disconnect(self, kernel_id: str) -> None:
        """Note that a page has gone; the time counts from now."""
        super().notify_disconnect(kernel_id)
        if not self._kernel_connections.get(kernel_id):
            self._alone[kernel_id] = time.monotonic()

    def initialize_culler(self) -> None:
        """Look for pages that are gone, also where Jupyter is not told to end idle kernels."""
        super().initialize_culler()
        self._looks = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self.look_interval)
            await self.cull_kernels()

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a page's kernel that has been without a connection for too long.

        Voila does not ask for the kernels that it keeps ready.
        """
        patience = self._pages.get(kernel_id)
        if patience is None:
            if self.cull_idle_timeout > 0:  # by default 0, which means never
                await super().cull_kernel_if_idle(kernel_id)
            return
        if self._kernel_connections.get(kernel_id):
            return
        since = self._alone.setdefault(kernel_id, time.monotonic())
        if time.monotonic() - since >= patience:
            self.log.warning("Ending kernel %s, whose page is gone.", kernel_id)
            await ensure_async(self.shutdown_kernel(kernel_id))

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended."""
        self._pages.pop(kernel_id, None)
        self._alone.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)
