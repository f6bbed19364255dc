"""The demo: a synthetic scene taken through the whole real path, once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from rareearth_explorer import encoders
from rareearth_explorer.demo import PATCHES, make_demo
from rareearth_explorer.pipeline.embedding import embed_scene
from rareearth_explorer.pipeline.projecting import project_table
from rareearth_explorer.scene import open_scene


@dataclass(frozen=True)
class PreparedDemo:
    """Files of the demo, ready to explore.

    Attributes
    ----------
    table
        Patch table of the first date, with its projection.
    scene
        The synthetic scene of the first date.
    labels
        The synthetic pools.
    """

    table: Path
    scene: Path
    labels: Path


def demo_folder() -> Path:
    """Return where the demo is kept: the user's data folder."""
    return user_data_path("rareearth-explorer") / "demo"


def prepare_demo(
    folder: Path | None = None,
    *,
    seed: int = 0,
    patches: tuple[int, int] = PATCHES,
    progress: bool = True,
) -> PreparedDemo:
    """Draw, embed and project the demo scene; what is there already is not made again.

    Parameters
    ----------
    folder
        Where the files shall be; `demo_folder()` when None.
    seed, patches
        As `make_demo` takes them.
    progress
        Whether to show progress on standard error.

    Raises
    ------
    ExplorerError
        The folder cannot be written.
    """
    folder = folder or demo_folder()
    files = make_demo(folder, seed=seed, patches=patches, progress=progress)
    table = folder / "demo_table.parquet"
    if not table.exists():
        # Embedded and projected beside, so that the table is there with its projection or not.
        fresh = table.with_name("demo_table_unprojected.parquet")
        with open_scene(files.scenes[0]) as scene:
            statistics = scene.statistics
            encoder = encoders.load(
                "random-features",
                bands=scene.bands,
                means=statistics.mean,
                stds=statistics.std,
                gsd=scene.gsd,
            )
            embed_scene(scene, encoder, fresh, progress=progress)
        project_table(fresh, progress=progress)
        fresh.replace(table)
    return PreparedDemo(table, files.scenes[0], files.labels)
