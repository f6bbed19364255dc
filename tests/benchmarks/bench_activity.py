"""How well use and period of pools are told on the synthetic demo, and what measuring costs.

Only this benchmark reads the properties of the drawn pools. Nothing printed says anything about
real mines.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rasterio.windows import Window
from sklearn.metrics import roc_auc_score

from rareearth_explorer.change import (
    Index,
    Normalisation,
    Pools,
    Stack,
    normalise,
    open_stack,
    patch_activity,
    series_at,
    write_activity,
)
from rareearth_explorer.change.comparison import Comparison
from rareearth_explorer.data.labels import Labels
from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.data.storage.cog import TILE
from rareearth_explorer.data.table import open_table
from rareearth_explorer.data.threads import cores, in_order
from rareearth_explorer.demo.prepare import demo_folder, prepare_demo
from rareearth_explorer.demo.synthetic import Landscape
from rareearth_explorer.demo.synthetic.synthetic_scene import draw_files, make_demo
from rareearth_explorer.embedding import embed_scene, encoders
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal

PERIOD_PATCHES, PERIOD_DATES, PERIOD_DAYS = 16, 24, 60

DRAWS = 10


class DrawnPools:
    """Every pool of a demo, with its history."""

    def __init__(self, path: Path) -> None:
        features = json.loads(path.read_text())["features"]
        facts = [feature["properties"] for feature in features]
        self.lonlat = np.array([feature["geometry"]["coordinates"] for feature in features])
        self.active = np.array([fact["active"] for fact in facts])
        self.period = np.array([fact["period_days"] or np.nan for fact in facts], float)
        self.first = np.array([fact["first_date"] for fact in facts])


def tell(title: str, pools: Pools, active: Any) -> None:
    """Print precision and recall of 'in use'; what is not told counts as not in use."""
    used = np.array([use is True for use in pools.in_use])
    told = np.array([use is not None for use in pools.in_use])
    print(
        f"  {title}: precision {active[used].mean():.3f}, recall {used[active].mean():.3f} "
        f"({used[active & told].mean():.3f} of those that can be told); {len(used)} pools, "
        f"{active.sum()} in use, {(~told).sum()} on too few dates to tell"
    )


def tell_use(stack: Stack, drawn: DrawnPools, normalisation: Normalisation) -> None:
    """Print how well use is told, with and without normalisation, and of old pools alone."""
    old = drawn.first == min(drawn.first)
    for how, applied in (("as it is", None), ("normalised", normalisation)):
        pools = Pools.of(series_at(stack, drawn.lonlat, normalisation=applied))
        tell(f"all pools, {how}", pools, drawn.active)
        series = series_at(stack, drawn.lonlat[old], normalisation=applied)
        tell(f"pools of the first date, {how}", Pools.of(series), drawn.active[old])
    print(f"  saying 'in use' of every pool: precision {drawn.active.mean():.3f}, recall 1")
    seen = pools.to_geodataframe().first_seen.to_numpy()
    print(f"  first seen on the date that it was dug by: {(seen == drawn.first).mean():.3f}")


def tell_cost(stack: Stack, raster: Path) -> None:
    """Print what the raster costs beside reading the same pixels in as many threads."""
    windows, index = list(stack.windows(TILE)), Index.named(None, stack.bands)

    def read(window: Window) -> None:
        for number in range(len(stack)):
            stack.read(number, window)

    reading = clock(lambda: list(in_order(read, windows, cores())))
    writing = clock(lambda: write_activity(stack, raster, index, progress=False))
    pixels = len(stack) * stack.width * stack.height / 1e6
    print(
        f"  {pixels:.0f} million pixels of {len(stack.bands)} bands: {writing[0]:.0f} s, "
        f"{writing[0] / reading[0]:.1f} times as long as reading them; {writing[1]:.0f} s of all "
        f"cores, {writing[1] / reading[1]:.1f} times as much"
    )


def clock(what: Callable[[], Any]) -> tuple[float, float]:
    """Time a call: seconds that pass, and seconds of all cores."""
    passed, worked = time.perf_counter(), time.process_time()
    what()
    return time.perf_counter() - passed, time.process_time() - worked


def tell_patches(raster: Path, table: Path, drawn: DrawnPools) -> None:
    """Print how well activity ranks the patches with a pool in use."""
    patches = open_table(table)
    counts = [
        Labels.from_points(drawn.lonlat[chosen]).per_patch(patches.footprints) > 0
        for chosen in (drawn.active, ~drawn.active)
    ]
    used, rest = counts[0], counts[1] & ~counts[0]
    activity = patch_activity(raster, patches)
    both = used | rest
    print(
        f"  AUC of patches with a pool in use by activity: {roc_auc_score(used, activity):.3f} "
        f"among all, {roc_auc_score(used[both], activity[both]):.3f} among those with pools"
    )


def tell_period(folder: Path) -> None:
    """Print how often a period is told on many uneven dates of a smaller scene, and how well."""
    rng = np.random.default_rng(1)
    days = np.sort(rng.choice(PERIOD_DAYS, PERIOD_DATES, replace=False))
    dates: Sequence[date] = [date(2022, 3, 7) + timedelta(int(day)) for day in days]
    side = 84 * PERIOD_PATCHES
    files = draw_files(
        folder, lambda: Landscape(0, side, side, dates=dates), "activity", dates=dates,
        progress=False,
    )  # fmt: skip
    drawn = DrawnPools(files.all_pools)
    with open_stack(files.scenes) as stack:
        pools = Pools.of(series_at(stack, drawn.lonlat))
    found = [(p, t) for p, t in zip(pools.periods, drawn.period, strict=True) if p.days]
    right = [p.low <= t <= p.high for p, t in found]
    print(
        f"  {PERIOD_DATES} dates in {PERIOD_DAYS} days: a period for {len(found)} of "
        f"{drawn.active.sum()} pools in use and {len(drawn.active)} in all; the true one lies in "
        f"the interval of {np.mean(right):.3f} of them"
    )
    tell("these dates", pools, drawn.active)


def tell_new(earlier: Path, scene: Path, drawn: DrawnPools, folder: Path) -> None:
    """Print how many patches with mines dug between two dates are listed, by random templates."""
    later = folder / "later.parquet"
    with open_scene(scene) as opened:
        facts = opened.statistics
        encoder = encoders.load(
            "random-features", bands=opened.bands, means=facts.mean, stds=facts.std, gsd=opened.gsd
        )
        embed_scene(opened, encoder, later, progress=False)
        day = opened.time.date().isoformat() if opened.time else ""
    tables = open_table(earlier), open_table(later)
    old, new = (
        Labels.from_points(drawn.lonlat[chosen]).per_patch(tables[0].footprints) > 0
        for chosen in (drawn.first == min(drawn.first),
                       (drawn.first > min(drawn.first)) & (drawn.first <= day))
    )  # fmt: skip
    new &= ~old
    rng, listed = np.random.default_rng(0), []
    for draw in range(DRAWS):
        session = Session(tables[0])
        journal = Journal(folder / f"{draw}.jsonl")
        journal.attach(session)
        session.mark(rng.choice(np.flatnonzero(old), 3, replace=False), "positive")
        session.mark(rng.choice(np.flatnonzero(~old), 3, replace=False), "negative")
        compared = Comparison.of(*tables, journal.path)
        listed.append((len(compared.became), new[compared.rows[compared.became, 0]].sum()))
    count, right = np.mean(listed, axis=0)
    print(
        f"  compare {min(drawn.first)} and {day}, {DRAWS} draws of 3 + 3 templates: "
        f"{count:.1f} of {len(tables[0]):,} patches listed, {right:.1f} of them of the "
        f"{new.sum()} with a new mine"
    )


def main() -> None:
    """Print all of it."""
    prepared = prepare_demo()
    files = make_demo(demo_folder())
    drawn = DrawnPools(files.all_pools)
    print("synthetic demo scene, drawn pools:")
    with open_stack(files.scenes) as stack, TemporaryDirectory() as folder:
        normalisation = normalise(stack)
        print(
            "  normalisation: median standard deviation over time "
            f"{np.median(normalisation.before):.1f} -> {np.median(normalisation.after):.1f}"
        )
        tell_use(stack, drawn, normalisation)
        raster = Path(folder) / "activity.tif"
        tell_cost(stack, raster)
        tell_patches(raster, prepared.table, drawn)
        tell_period(Path(folder) / "many")
        tell_new(prepared.table, files.scenes[-2], drawn, Path(folder))


if __name__ == "__main__":
    main()
