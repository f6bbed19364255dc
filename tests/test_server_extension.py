"""The extension of a Jupyter server: our classes where nobody chose others."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

START = """
import json, sys
from jupyter_server.serverapp import ServerApp

server = ServerApp()
extensions = "--ServerApp.jpserver_extensions={'rareearth_explorer': True}"
server.initialize([extensions, "--allow-root", *sys.argv[1:]], find_extensions=False)
kernels, connection = server.kernel_manager, server.kernel_websocket_connection_class
print(json.dumps({
    "kernels": type(kernels).__name__,
    "connection": connection.__name__,
    "pings": server.web_app.settings["ws_ping_interval"],
    "gone": getattr(kernels, "gone_timeout", None),
}))
"""

USUAL = "jupyter_server.services.kernels.kernelmanager.MappingKernelManager"


@pytest.mark.parametrize(
    ("options", "expected", "said"),
    [
        ([], ("VisitorKernels", "GuardedConnection", 5000, 20), ""),
        (
            [
                "--VisitorKernels.gone_timeout=33",
                "--ServerApp.tornado_settings={'ws_ping_interval': 9}",
            ],
            ("VisitorKernels", "GuardedConnection", 9, 33),
            "",
        ),
        (
            [f"--ServerApp.kernel_manager_class={USUAL}"],
            ("MappingKernelManager", "GuardedConnection", 5000, None),
            "VisitorKernels is not used",
        ),
        (
            ["--GatewayClient.url=http://127.0.0.1:9"],
            ("GatewayMappingKernelManager", "GatewayWebSocketConnection", 5000, None),
            "VisitorKernels is not used",
        ),
    ],
    ids=["alone", "with other seconds", "with another class", "with a gateway"],
)
def test_it_chooses_where_nobody_chose(options, expected, said, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", START, *options],
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert tuple(json.loads(ran.stdout.splitlines()[-1]).values()) == expected
    assert ("not used" in ran.stderr) == bool(said)
    assert said in ran.stderr
