"""Do what Binder does with this repository, without a container, and open the dashboard.

    python tests/browser/rehearse_binder.py [FOLDER]

By the rules of repo2docker: where there is a folder `binder`, only its files count; Python as
`runtime.txt` says, with the Jupyter programs of its base image; then `requirements.txt` and
`postBuild`, in the repository's folder. What is committed is taken, not what lies in the working
tree. The server runs under a base URL, as on a hub, its page is opened as Binder's link does, and
then its network fails. Takes many minutes and needs the network for the packages.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from chromium import blank_page, launched
from driver import MAP
from patience import eventually
from playwright.sync_api import expect
from serving import kernels, serve
from silent_network import Network

REPOSITORY = Path(__file__).resolve().parents[2]
BASE_IMAGE = ("jupyterlab", "notebook")
LINK = "voila/render/notebooks/explorer.ipynb"
"""What follows `?urlpath=` in the badge of the README."""


def measured(what: str, work: Callable[[], object]) -> None:
    """Run a step and print its seconds."""
    began = time.perf_counter()
    work()
    print(f"{what:<48} {time.perf_counter() - began:8.1f} s", flush=True)


def build(folder: Path) -> tuple[Path, dict[str, str]]:
    """Build repository and environment in a folder; where the repository is, and the variables."""
    repository, environment = folder / "repository", folder / "environment"
    repository.mkdir()
    archive = subprocess.run(
        ["git", "archive", "HEAD"], cwd=REPOSITORY, check=True, capture_output=True
    )
    subprocess.run(["tar", "x"], cwd=repository, input=archive.stdout, check=True)
    wanted = (repository / "binder" / "runtime.txt").read_text().strip()
    here = f"python-{sys.version_info.major}.{sys.version_info.minor}"
    if wanted != here:
        raise SystemExit(f"runtime.txt wants {wanted}; run this script with it, not with {here}.")
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "XDG", "VIRTUAL"))}
    home = folder / "home"
    home.mkdir()
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    variables = {**kept, "HOME": str(home), "PATH": path}

    def run(*command: str) -> None:
        subprocess.run(
            command, cwd=repository, env=variables, check=True, stdout=subprocess.DEVNULL
        )

    pip = ("python", "-m", "pip", "install", "--quiet")
    measured("base image: Jupyter", lambda: run(*pip, *BASE_IMAGE))
    measured("requirements.txt", lambda: run(*pip, "-r", "binder/requirements.txt"))
    measured("postBuild", lambda: run("./binder/postBuild"))
    return repository, variables


def open_dashboard(repository: Path, variables: dict[str, str]) -> None:
    """Serve the repository as a hub does, open Binder's link twice, and click a patch."""
    python = Path(variables["PATH"].split(os.pathsep)[0]) / "python"
    notebook = repository / "notebooks" / "explorer.ipynb"
    with (
        serve("server", notebook, variables, root=repository, python=python) as address,
        Network(address).running() as network,
        launched() as browser,
        blank_page(browser, 1440, 860) as page,
    ):
        hosts: set[str] = set()
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
        for times in ("first", "second"):

            def opened() -> None:
                page.goto(network.address + LINK, wait_until="commit")
                page.wait_for_selector(MAP)

            measured(f"{times} opening, until the map is there", opened)
        page.locator(MAP).click()
        page.get_by_role("button", name="✕").first.wait_for()
        page.screenshot(path=REPOSITORY / "screenshots" / "binder.png")
        for kernel in kernels():
            print(f"{'memory of the kernel':<48} {kernel.memory_info().rss / 2**20:8.0f} MiB")
        measured("failed network, until no kernel is left", lambda: fail(network))
        expect(page.get_by_role("alert")).to_contain_text("has ended meanwhile")
        others = {host for host in hosts if host and not host.startswith("127.0.0.1")}
        print(f"{'other hosts asked':<48} {', '.join(sorted(others)) or 'none':>8}")


def fail(network: Network) -> None:
    """Let the network fail until the kernel of the page has ended, and mend it."""
    network.cut()
    eventually(lambda: not kernels(), "a page that is gone keeps its kernel")
    network.mend()


def main() -> None:
    """Rehearse in the folder given, or in a temporary one."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if sys.argv[1:] else temporary)
        open_dashboard(*build(folder))


if __name__ == "__main__":
    main()
