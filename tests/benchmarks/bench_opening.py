"""How long the dashboard takes to open, and what a page kept ready saves; small synthetic demo.

Every line gives seconds from asking for the page until the map is drawn, and their ratio to the
cold opening of the same run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from rareearth_explorer.demo.prepare import prepare_demo
from rareearth_explorer.serving import free_port, serve

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "browser"))


def wait_idle() -> None:
    """Wait until no kernel has had anything to do for three seconds: what is timed runs alone."""
    from serving import kernels

    used = -1.0
    while (now := sum(sum(p.cpu_times()[:2]) for p in kernels())) - used > 0.05:
        used = now
        time.sleep(3)


def opening(preheat: int, environment: dict[str, str]) -> float:
    """Seconds until the map is there, in a server that has had time to make pages ready."""
    from chromium import blank_page, launched
    from driver import MAP
    from patience import eventually
    from serving import kernels

    with (
        serve(free_port(), environment, preheat=preheat) as server,
        launched() as browser,
        blank_page(browser, 1280, 800) as page,
    ):
        eventually(lambda: len(kernels()) >= preheat, "no page is kept ready")
        wait_idle()
        began = time.perf_counter()
        page.goto(server.address, wait_until="commit")
        page.wait_for_selector(MAP)
        seconds = time.perf_counter() - began
    return seconds


def main() -> None:
    """Measure both and print them."""
    with tempfile.TemporaryDirectory() as folder:
        demo = prepare_demo(Path(folder), patches=(12, 14), progress=False)
        given = {"TABLE": demo.table, "SCENE": demo.scene, "LABELS": demo.labels}
        environment = {f"RAREEARTH_EXPLORER_{k}": str(v) for k, v in given.items()}
        environment["XDG_DATA_HOME"] = folder
        opening(0, environment)  # fills the caches of files and fonts
        cold, warm = opening(0, environment), opening(1, environment)
    print(f"{'cold: page to drawn map':<44} {cold:9.1f} s {1:8.2f} x")
    print(f"{'kept ready: page to drawn map':<44} {warm:9.1f} s {warm / cold:8.2f} x   goal: 0.6 x")


if __name__ == "__main__":
    main()
