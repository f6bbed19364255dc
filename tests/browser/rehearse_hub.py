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
import sys
import tempfile
import time
from pathlib import Path

from chromium import blank_page, launched
from driver import MAP, run_all_cells
from patience import eventually
from playwright.sync_api import Browser, Page, expect
from processes import alive, running
from serving import enable_extension, free_port, kernels, wait_for_answer
from silent_network import Network

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
c.Spawner.environment["JUPYTER_CONFIG_DIR"] = {settings!r}
c.Spawner.environment["XDG_DATA_HOME"] = lambda spawner: {homes!r} + "/" + spawner.user.name
c.Spawner.default_url = "/voila/render/explorer.ipynb"
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
"""


def log_in(page: Page, address: str, user: str) -> None:
    """Log in, and wait until the dashboard has its map; prints the seconds."""
    page.goto(address)
    page.fill("#username_input", user)
    page.fill("#password_input", "any")
    began = time.perf_counter()
    page.click("#login_submit")
    page.wait_for_selector(MAP)
    print(f"{user}: log-in to map {time.perf_counter() - began:.1f} s, at {page.url}")
    assert f"/user/{user}/voila/render/" in page.url


def mark_middle(page: Page) -> str:
    """Click the middle of the map; the name of the template's card."""
    page.locator(MAP).click()
    card = page.get_by_role("button", name="✕").first
    card.wait_for()
    return card.inner_text()


def check_dashboard(ann: Page, ben: Page, address: str) -> None:
    """Two users mark, one reloads; nobody sees the other's session, and no kernel is left over."""
    log_in(ann, address, "ann")
    log_in(ben, address, "ben")
    card = mark_middle(ann)
    reload(ben)
    expect(ben.get_by_text("0 positive")).to_be_visible()
    left = kernels()
    reload(ann)
    expect(ann.get_by_role("button", name=card)).to_be_visible()
    eventually(lambda: len(kernels()) == 2, "a page that was left keeps its kernel")
    kept = [kernel for kernel in left if kernel.is_running()]
    assert len(kept) == 1, "a page that was left takes another's kernel along"
    expect(ann.get_by_text("another window")).to_have_count(0)
    ann.screenshot(path=REPOSITORY / "screenshots" / "hub-dashboard.png")


def reload(page: Page) -> None:
    """Load the page again, and wait until it has its map."""
    page.reload()
    page.wait_for_selector(MAP)


def check_lab(dashboard: Page, address: str) -> None:
    """The same user finds the session in JupyterLab."""
    page = dashboard.context.new_page()
    page.goto(f"{address}user/ann/lab/tree/explorer.ipynb?reset", wait_until="domcontentloaded")
    dashboard.close()  # it lets go of the session
    run_all_cells(page)
    page.wait_for_selector(MAP)
    expect(page.get_by_text("1 positive")).to_be_visible()
    page.screenshot(path=REPOSITORY / "screenshots" / "hub-lab.png")


def check_failed_network(browser: Browser, address: str) -> None:
    """A third user's network fails: the kernel ends, the page says so and goes on when reloaded."""
    with Network(address).running() as network, blank_page(browser, 1440, 860) as cyd:
        before = set(kernels())
        log_in(cyd, network.address, "cyd")
        card = mark_middle(cyd)
        (kernel,) = set(kernels()) - before
        network.cut()
        eventually(lambda: not alive(kernel), "a page that is gone keeps its kernel")
        network.mend()
        expect(cyd.get_by_role("alert")).to_contain_text("has ended meanwhile")
        reload(cyd)
        expect(cyd.get_by_role("button", name=card)).to_be_visible()


def check(browser: Browser, address: str) -> None:
    """Two users at a time, then one of them in another program, and one whose network fails."""
    with blank_page(browser, 1440, 860) as ann:
        with blank_page(browser, 1440, 860) as ben:
            check_dashboard(ann, ben, address)
        check_lab(ann, address)
    check_failed_network(browser, address)


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
        settings = folder / "settings"
        enable_extension(settings)
        configuration = folder / "jupyterhub_config.py"
        configuration.write_text(
            CONFIGURATION.format(
                python=sys.executable,
                files=str(files),
                settings=str(settings),
                homes=str(folder / "homes"),
                environment={f"RAREEARTH_EXPLORER_{k}": str(v) for k, v in given.items()},
                port=port,
                hub_port=free_port(),
                proxy_port=free_port(),
            )
        )
        address = f"http://127.0.0.1:{port}/"
        command = [sys.executable, "-m", "jupyterhub", "-f", str(configuration)]
        with (
            (folder / "hub.log").open("w") as log,
            running(command, cwd=folder, stdout=log, stderr=log) as hub,
        ):
            wait_for_answer(hub, f"{address}hub/health", folder / "hub.log")
            with launched() as browser:
                check(browser, address)
    print("Two users, the dashboard, JupyterLab, and a network that fails: all as it should be.")


if __name__ == "__main__":
    main()
