"""The installed package from a demo to a page, on any system: python tests/smoke.py.

It needs nothing but the package and its dependencies, so it shows what a user gets.
"""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from rareearth_explorer import Session, export, open_table
from rareearth_explorer.demo.prepare import PreparedDemo, prepare_demo
from rareearth_explorer.serving import DashboardFiles, free_port, serve


def main() -> None:
    """Make a small demo, rank and export its patches, ask the command, and open the page."""
    # On Windows a file that is still open cannot be deleted.
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        demo = prepare_demo(folder / "demo", patches=(8, 9), progress=False)
        rank(demo, folder / "candidates.geojson")
        ask("info", str(demo.table))
        ask("embed", str(demo.scene), "-o", str(folder / "table.parquet"), "--no-projection")
        open_page(DashboardFiles(demo.table, demo.scene, demo.labels, demo.other_dates))
    print("Everything works.")


def rank(demo: PreparedDemo, out: Path) -> None:
    """Mark two templates and write the best patches."""
    session = Session(open_table(demo.table))
    session.mark(0, "positive")
    session.mark(1, "negative")
    export(session, out, top=5)
    assert out.stat().st_size > 0


def ask(*arguments: str) -> None:
    """Run the command; what it prints is shown."""
    program = "import sys; from rareearth_explorer.cli import main; sys.exit(main())"
    subprocess.run([sys.executable, "-c", program, *arguments], check=True)


def open_page(files: DashboardFiles) -> None:
    """Serve the dashboard and read its page, which is there once the notebook has run."""
    files.check()
    with (
        serve(free_port(), files.to_environment()) as server,
        urllib.request.urlopen(server.address, timeout=300) as answer,
    ):
        page = answer.read().decode()
    assert "application/vnd.jupyter.widget-view+json" in page, "the page shows no widget"
    assert '"output_type": "error"' not in page, "the notebook failed"


if __name__ == "__main__":
    main()
