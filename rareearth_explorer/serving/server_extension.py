"""Extension of a Jupyter server that treats the pages of Voila in it as `explore` treats its own.

Nothing changes until it is enabled, by `jupyter server extension enable --sys-prefix
rareearth_explorer`: it concerns the pages of all dashboards in the server, and these may be other
people's. `server_extension.json` lists it as one that is not enabled. Kernels are not forked: a
Jupyter server is one person's, with a page or two, and a notebook whose packages were updated must
import the new ones.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from rareearth_explorer.serving.kernel_connection import SIGNS_OF_LIFE, GuardedConnection
from rareearth_explorer.serving.visitor_kernels import VisitorKernels

OURS: dict[str, tuple[type[Any], type[Any]]] = {
    "kernel_manager_class": (AsyncMappingKernelManager, VisitorKernels),
    "kernel_websocket_connection_class": (ZMQChannelsWebsocketConnection, GuardedConnection),
}
"""Class that Jupyter uses for each purpose unless it is told otherwise, and ours."""


def _link_jupyter_server_extension(server: ServerApp) -> None:
    """Choose our classes where nobody chose others, before the server makes its parts.

    A server whose kernels run behind a gateway, or whose configuration names a class, keeps its
    own, and its log says so.
    """
    # The usual classes depend on it; the server itself sets it a moment later.
    server.gateway_config = GatewayClient.instance(parent=server)
    for purpose, (usual, ours) in OURS.items():
        chosen = getattr(server, purpose)
        if chosen is usual:
            setattr(server, purpose, ours)
        elif not issubclass(chosen, ours):
            server.log.warning(
                "rareearth_explorer: %s stays %s.%s; %s is not used.",
                *(purpose, chosen.__module__, chosen.__qualname__, ours.__name__),
            )
    server.tornado_settings = {**SIGNS_OF_LIFE, **server.tornado_settings}


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Do nothing; Jupyter requires this function of an extension."""
