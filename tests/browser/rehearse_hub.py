"""Run a real JupyterHub with two users on this machine, and open dashboard and JupyterLab in it.

    pip install jupyterhub
    npm install configurable-http-proxy
    PATH="$PWD/node_modules/.bin:$PATH" python tests/browser/rehearse_hub.py

The hub's own login, proxy and single-user servers are used; only the authenticator (any name, no
password) and the spawner (processes of this user) are those that JupyterHub has for trying out.
Every user has a data folder of their own, as people with homes of their own have.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
from chromium import launched
from driver import MAP, RUN_NOTEBOOK
from playwright.sync_api import Browser, BrowserContext, Page, expect
from serving import free_port, kernels

from rareearth_explorer.demo.prepare import prepare_demo

REPOSITORY = Path(__file__).resolve().parents[2]

CONFIGURATION = """
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser", "--allow-root"]
c.Spawner.args = ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"]
c.Spawner.notebook_dir = {files!r}
c.Spawner.environment = {environment!r}
c.Spawner.environment["XDG_DATA_HOME"] = lambda spawner: {homes!r} + "/" + spawner.user.name
c.Spawner.default_url = "/voila/render/explorer.ipynb"
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
"""


def log_in(browser: Browser, address: str, user: str) -> Page:
    """Log in, and wait until the dashboard has its map; prints the seconds."""
    page = browser.new_context(viewport={"width": 1440, "height": 860}).new_page()
    page.goto(address)
    page.fill("#username_input", user)
    page.fill("#password_input", "any")
    began = time.perf_counter()
    page.click("#login_submit")
    page.wait_for_selector(MAP, timeout=180_000)
    print(f"{user}: log-in to map {time.perf_counter() - began:.1f} s, at {page.url}")
    assert f"/user/{user}/voila/render/" in page.url
    page.wait_for_timeout(2000)
    return page


def mark_middle(page: Page) -> str:
    """Click the middle of the map; the name of the template's card."""
    page.locator(MAP).click()
    card = page.get_by_role("button", name="✕").first
    card.wait_for()
    return card.inner_text()


def check_dashboard(browser: Browser, address: str) -> BrowserContext:
    """Two users mark, one reloads; nobody sees the other's session, and no kernel is left over."""
    ann, ben = log_in(browser, address, "ann"), log_in(browser, address, "ben")
    card = mark_middle(ann)
    ben.reload()
    ben.wait_for_selector(MAP, timeout=180_000)
    expect(ben.get_by_text("0 positive")).to_be_visible()
    left = kernels()
    ann.reload()
    ann.wait_for_selector(MAP, timeout=180_000)
    expect(ann.get_by_role("button", name=card)).to_be_visible()
    gone, _ = psutil.wait_procs(left, timeout=20)
    assert len(gone) == 1, "a page that was left keeps its kernel, or takes another's along"
    assert len(kernels()) == 2
    expect(ann.get_by_text("another window")).to_have_count(0)
    ann.screenshot(path=REPOSITORY / "screenshots" / "hub-dashboard.png")
    ben.context.close()
    return ann.context


def check_lab(context: BrowserContext, address: str) -> None:
    """The same user finds the session in JupyterLab."""
    page = context.new_page()
    page.goto(f"{address}user/ann/lab/tree/explorer.ipynb?reset", wait_until="domcontentloaded")
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext", timeout=90_000
    )
    for other in context.pages[:-1]:
        other.close()  # the dashboard lets go of the session
    page.evaluate(RUN_NOTEBOOK)
    page.wait_for_selector(MAP, timeout=90_000)
    expect(page.get_by_text("1 positive")).to_be_visible()
    page.screenshot(path=REPOSITORY / "screenshots" / "hub-lab.png")


def main() -> None:
    """Start the hub, check, and end it with everything that it started."""
    if shutil.which("configurable-http-proxy") is None:
        raise SystemExit("configurable-http-proxy is not on the PATH; install it with npm.")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        demo = prepare_demo(folder / "demo", patches=(12, 14), progress=False)
        given = {"TABLE": demo.table, "SCENE": demo.scene, "LABELS": demo.labels}
        files = folder / "files"
        files.mkdir()
        shutil.copy(REPOSITORY / "notebooks" / "explorer.ipynb", files)
        port = free_port()
        configuration = folder / "jupyterhub_config.py"
        configuration.write_text(
            CONFIGURATION.format(
                python=sys.executable,
                files=str(files),
                homes=str(folder / "homes"),
                environment={f"RAREEARTH_EXPLORER_{k}": str(v) for k, v in given.items()},
                port=port,
                hub_port=free_port(),
                proxy_port=free_port(),
            )
        )
        address = f"http://127.0.0.1:{port}/"
        with (folder / "hub.log").open("w") as log:
            hub = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(configuration)],
                cwd=folder, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                wait(hub, f"{address}hub/health", folder / "hub.log")
                with launched() as browser:
                    check_lab(check_dashboard(browser, address), address)
            finally:
                below = psutil.Process(hub.pid).children(recursive=True)
                hub.send_signal(signal.SIGINT)
                hub.wait(30)
                for process in below:
                    if process.is_running():
                        process.terminate()
    print("Two users, the dashboard and JupyterLab: all as it should be.")


def wait(hub: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Wait until the hub answers."""
    end = time.monotonic() + 60
    while time.monotonic() < end and hub.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
        else:
            return
    raise SystemExit(f"the hub did not answer:\n{log.read_text()[-2000:]}")


if __name__ == "__main__":
    main()
