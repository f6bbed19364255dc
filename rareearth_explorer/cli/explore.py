"""`rareearth-explorer explore`: open the dashboard."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.files import require_no_imagery
from rareearth_explorer.cli.numbers import whole
from rareearth_explorer.errors import ExplorerError, SceneError

if TYPE_CHECKING:
    from shapely import Polygon

FIRST_PORT = 8866
PATIENCE = 300
"""Seconds the server may take to answer, on a slow machine too; one that ends is said at once."""

ANNOUNCED = re.compile(r"running at:\s+(http[^\s?]+)\S*\s")
"""What Voila says in its log once it listens, with the address."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "explore",
        help="open the dashboard on a patch table",
        description="Open the dashboard in a browser, on this machine only.",
    )
    parser.add_argument("table", nargs="?", type=Path, help="patch table (default: the demo)")
    parser.add_argument("--scene", type=Path, help="GeoTIFF to show beneath the scores")
    parser.add_argument(
        "--compare",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="GeoTIFFs of other dates, to lay beside the scene",
    )
    parser.add_argument("--labels", type=Path, help="known pools: CSV, GeoJSON, GeoPackage, ...")
    parser.add_argument(
        "--port", type=whole(1, 65535), help=f"default: the first free one from {FIRST_PORT}"
    )
    parser.add_argument(
        "--preheat",
        type=whole(0),
        default=1,
        metavar="N",
        help="pages kept ready, so that the next opens at once; each is a process (default: 1)",
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Check what was given, serve the dashboard, and print its address."""
    table, scene, labels = options.table, options.scene, options.labels
    compare: list[Path] = options.compare
    if table is None:
        from rareearth_explorer.demo.prepare import prepare_demo

        demo = prepare_demo()
        table, scene, labels = demo.table, scene or demo.scene, labels or demo.labels
        compare = compare or list(demo.others)
    check(table, scene, labels, compare)
    port = free_port(options.port)
    given = variables(table, scene, labels, compare)
    with serve(port, given, preheat=options.preheat) as address:
        print(f"The explorer is open at {address}\nStop it with Ctrl-C.", flush=True)
        if not options.no_browser:
            webbrowser.open(address)


def check(
    table: Path, scene: Path | None, labels: Path | None, compare: Sequence[Path] = ()
) -> None:
    """Open everything once, so that what is wrong is said here and not in the browser.

    Raises
    ------
    ExplorerError
        Something cannot be opened, or the labels or a scene lie outside the patches.
    """
    from rareearth_explorer.data.labels import open_labels
    from rareearth_explorer.data.scene import open_scene
    from rareearth_explorer.data.table import open_table

    require_no_imagery(table)
    patches = open_table(table)
    place = _box(patches.bounds)
    for path in [*([scene] if scene else []), *compare]:
        with open_scene(path) as opened:
            elsewhere = not place.intersects(_box(opened.bounds))
        if elsewhere:
            raise SceneError(
                f"{path}: this lies nowhere near the patches; give imagery of their place."
            )
    if labels is not None:
        open_labels(labels).per_patch(patches.footprints)


def variables(
    table: Path, scene: Path | None, labels: Path | None, compare: Sequence[Path] = ()
) -> dict[str, str]:
    """Tell the notebook what to open, by absolute paths: its kernel runs in another folder."""
    given: dict[str, Sequence[Path | None]] = {
        "TABLE": [table],
        "SCENE": [scene],
        "LABELS": [labels],
        "COMPARE": compare,
    }
    paths = {name: [str(p.absolute()) for p in some if p] for name, some in given.items()}
    return {f"RAREEARTH_EXPLORER_{name}": os.pathsep.join(p) for name, p in paths.items() if p}


def _box(bounds: tuple[tuple[float, float], tuple[float, float]]) -> Polygon:
    import shapely

    (south, west), (north, east) = bounds
    return shapely.box(west, south, east, north)


def notebook() -> Path:
    """Find the dashboard's notebook: in the installed package, or in the checkout."""
    package = Path(__file__).parent.parent
    places = (package / "explorer.ipynb", package.parent / "notebooks" / "explorer.ipynb")
    return next(place for place in places if place.exists())


def free_port(wanted: int | None = None) -> int:
    """Return the wanted port if it is free, or else the first free one from `FIRST_PORT` on.

    Raises
    ------
    ExplorerError
        The wanted port is in use, or a hundred are.
    """
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ExplorerError(
        f"port {wanted or f'{FIRST_PORT} and the hundred after it'} is in use, or not for you to "
        "use; choose another with --port."
    )


@contextlib.contextmanager
def serve(port: int, environment: dict[str, str], *, preheat: int = 0) -> Iterator[str]:
    """Run Voila on the notebook until the block is left; yields the address once it answers.

    Parameters
    ----------
    port
        Where to listen, on this machine only; on another one if it has been taken meanwhile.
    environment
        What the notebook shall open.
    preheat
        Kernels that have run the notebook before a page asks for one.

    Raises
    ------
    ExplorerError
        The server ended, or did not answer in time.
    """
    command = [
        *(sys.executable, "-m", "voila", str(notebook()), "--no-browser", f"--port={port}"),
        *("--Voila.ip=127.0.0.1", "--Voila.log_level=INFO", "--VoilaConfiguration.theme=light"),
        f"--VoilaConfiguration.preheat_kernel={preheat > 0}",
        f"--VoilaConfiguration.default_pool_size={preheat}",
    ]
    signal.signal(signal.SIGTERM, _interrupt)
    # The log goes to a file, because a pipe that nobody reads fills up and stops the server.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log = Path(folder, "log")
        with log.open("wb") as out:
            server = subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=out, stderr=out
            )
        try:
            address = _address(log, server)
            if address is None:
                last = log.read_text(errors="replace").strip().splitlines()[-1:]
                raise ExplorerError(
                    f"The dashboard's server did not start ({''.join(last) or 'no answer'}); try "
                    "again, or another port with --port."
                )
            yield address
            server.wait()
        finally:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(10)
            server.kill()
            server.wait()


def _interrupt(*_: object) -> None:
    """Make a request to end what Ctrl-C is, so that the server ends too."""
    raise KeyboardInterrupt


def _address(log: Path, server: subprocess.Popen[bytes]) -> str | None:
    """Wait for the server to announce its address and to answer there; None if it does not.

    Only its own log tells the address: where it was started at the same moment as another one,
    the port that was free is the other's, and the other answers there.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        announced = ANNOUNCED.search(log.read_text(errors="replace"))
        if announced and _answers(f"{announced[1]}static/none"):
            return announced[1]
        time.sleep(0.1)
    return None


def _answers(address: str) -> bool:
    """Whether there is any answer, be it that there is no such page."""
    try:
        urllib.request.urlopen(address, timeout=2).close()
    except urllib.error.HTTPError as answer:
        answer.close()
    except OSError:
        return False
    return True
