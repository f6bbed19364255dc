"""The WebSocket between a page and its kernel: no message of one page stops the server for all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

PING = 5
"""Seconds between two signs of life that the server asks of a page; it closes the connection to a
page that has given none for three times as long."""

SIGNS_OF_LIFE = {"ws_ping_interval": 1000 * PING, "ws_ping_timeout": 3000 * PING}
"""The same in the words of Jupyter's settings of Tornado, which by themselves wait 90 seconds."""

UNREADABLE = 1007
"""Code of the WebSocket standard for a message whose content does not fit its type."""


class GuardedConnection(ZMQChannelsWebsocketConnection):
    """Carries the messages of both protocols, and closes on a message that cannot be read.

    A page of Voila speaks the protocol v1 of Jupyter. Other clients, and proxies that drop the
    header `Sec-WebSocket-Protocol`, get the older protocol without a name. Voila 0.5.13 reads
    every binary message as one of v1, and takes the first bytes of one of the older protocol for
    a count of 10**16 or more, to which it counts while nobody else is served. In the same way a
    client could send a message that claims that many parts, to any Jupyter server.
    """

    @property
    def write_message(self) -> Callable[..., Any]:
        """The function that sends a message to the page."""
        if self.subprotocol:
            return super().write_message  # type: ignore[no-any-return]
        return partial(KernelWebsocketHandler.write_message, self.websocket_handler)

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Pass a message from the page to the kernel; close the connection if it is unreadable."""
        if _is_readable(incoming_msg, named=bool(self.subprotocol)):
            super().handle_incoming_message(incoming_msg)  # type: ignore[arg-type]
        else:
            self.log.warning("Closed a connection to kernel %s: unreadable message", self.kernel_id)
            self.websocket_handler.close(UNREADABLE, "unreadable message")

    def _on_zmq_reply(self, stream: Any, msg_list: Any) -> None:
        """Send a message of the kernel, but in Voila never source code, as its own page does."""
        if isinstance(self.websocket_handler, VoilaKernelWebsocketHandler) and _is_source(msg_list):
            return
        super()._on_zmq_reply(stream, msg_list)


def _is_source(message: Any) -> bool:
    """Whether a message of the older protocol holds source code."""
    return isinstance(message, dict) and message["header"]["msg_type"] == "execute_input"


def _is_readable(message: str | bytes, *, named: bool) -> bool:
    """Whether a message has the type of its protocol, and as many offsets as it claims."""
    if isinstance(message, str):
        return not named
    size, order = (8, "little") if named else (4, "big")
    count = int.from_bytes(message[:size], order)  # type: ignore[arg-type]
    return count > 0 and size * (count + 1) <= len(message)
