"""Compare two dates: patches that became mine-like by a session's templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from rareearth_explorer.change.shared_patches import shared_patches
from rareearth_explorer.data.grid import WGS84
from rareearth_explorer.data.places import split_at_antimeridian, wrapped
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.data.table.several_dates import date_columns, only_day
from rareearth_explorer.errors import SessionError, TableError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.state import scores_of
from rareearth_explorer.hunt.store.format import read_header
from rareearth_explorer.hunt.store.journal import restore
from rareearth_explorer.hunt.store.library import find_session, saved_sessions
from rareearth_explorer.hunt.store.table_identity import is_about
from rareearth_explorer.score.columns import Columns
from rareearth_explorer.score.contrast import ScoreKind, Vector

if TYPE_CHECKING:
    import geopandas as gpd

MINE_LIKE = 0.1
"""Share of the patches in both tables that counts as mine-like on the session's own date by
default: the paper finds 90 % of the pools in the first tenth of the ranking."""

LEAST_RISE = 3.0
"""Robust standard deviations of all patches' rises that a rise must exceed."""

ENCODER_FACTS = (
    "name", "weights_sha256", "seed", "bands", "sensor", "wavelengths", "gsd", "normalisation",
    "metadata", "padding", "dtype",
)  # fmt: skip
"""Facts about the encoder that two tables must share. The machine may differ, and so may the
statistics of scenes that are normalised by their own."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """The patches that two tables share, scored by the same templates on both dates.

    Attributes
    ----------
    earlier, later
        The tables.
    dates
        Date of each table's scenes; None if unknown.
    rows
        (n, 2) row numbers of the shared patches in the earlier and in the later table.
    before, after
        (n,) float32 in [-1, 1], higher is more mine-like.
    drift
        Median rise over all patches, caused by haze and sensor rather than the ground.
    noise
        Robust standard deviation of the rises.
    threshold
        Score from which a patch of the session's own date is mine-like.
    on_later
        Whether the session's own table is the later one.
    score
        Name of the score.
    """

    earlier: PatchTable
    later: PatchTable
    dates: tuple[date | None, date | None]
    rows: npt.NDArray[np.int64]
    before: Vector
    after: Vector
    drift: float
    noise: float
    threshold: float
    on_later: bool
    score: str

    @classmethod
    def of(
        cls,
        first: PatchTable,
        second: PatchTable,
        session: Path,
        threshold: float | None = None,
    ) -> Self:
        """Score two tables by the templates of a session about one of them.

        The scores of both dates use the templates' embeddings in the session's table.

        Parameters
        ----------
        first, second
            Tables by one encoder of the same patches: on one grid, or with equal footprints where
            one has no grid. In any order of dates; the earlier one first where a date is unknown.
        session
            The file of a saved session.
        threshold
            Score from which a patch of the session's own date is mine-like; by default the score
            that the best tenth of the patches in both tables reach on that date.

        Raises
        ------
        SessionError
            The session cannot be read, is about neither table, or has no template.
        TableError
            The tables differ in their patches or encoder, or are of one date.
        """
        days = _date(first), _date(second)
        turned = None not in days and str(days[0]) > str(days[1])
        earlier, later = (second, first) if turned else (first, second)
        _require_same_kind(earlier, later)
        opened, on_later = _open_session(session, earlier, later)
        rows = shared_patches(earlier, later)
        before, after = _scores(opened, earlier, later, on_later, rows)
        rise = after - before
        drift = float(np.median(rise))
        own = after if on_later else before
        if threshold is None:
            threshold = float(np.quantile(own, 1 - MINE_LIKE))
        return cls(
            earlier,
            later,
            (_date(earlier), _date(later)),
            rows,
            before,
            after,
            drift,
            1.4826 * float(np.median(np.abs(rise - drift))),
            threshold,
            on_later,
            opened.state.score_name,
        )

    @property
    def rise(self) -> Vector:
        """(n,) rise of the score, minus the drift."""
        return np.asarray(self.after - self.before - np.float32(self.drift))

    @property
    def became(self) -> npt.NDArray[np.int64]:
        """Positions, among the shared patches, of those that became mine-like, greatest rise first.

        Their score, minus the drift, lies below the threshold before and not after, and their
        rise exceeds the noise of all patches.
        """
        shift = np.float32(self.drift)
        before = self.before + shift if self.on_later else self.before
        after = self.after if self.on_later else self.after - shift
        is_new = (before < self.threshold) & (after >= self.threshold)
        is_new &= self.rise >= LEAST_RISE * self.noise
        places = np.flatnonzero(is_new)
        return places[np.argsort(-self.rise[places], kind="stable")]

    def to_geodataframe(self, top: int | None = None) -> gpd.GeoDataFrame:
        """List the patches that became mine-like, greatest rise first, in EPSG:4326.

        Columns are `place`, from 1; `patch` and `patch_later`, its row numbers in both tables;
        `score_before`, `score_after` and `rise`, minus the drift; `date_before` and `date_after`,
        the dates compared; `lon` and `lat` of the centre; and the footprint.
        """
        import geopandas as gpd

        became = self.became[:top]
        patch, patch_later = self.rows[became].T
        lon, lat = self.earlier.centroids[patch].T
        footprints = split_at_antimeridian(self.earlier.footprints[patch])
        days = [None if day is None else day.isoformat() for day in self.dates]
        columns: dict[str, Any] = {
            "place": np.arange(1, len(became) + 1),
            "patch": patch,
            "patch_later": patch_later,
            "score_before": self.before[became],
            "score_after": self.after[became],
            "rise": self.rise[became],
            "date_before": [days[0]] * len(became),
            "date_after": [days[1]] * len(became),
            "lon": wrapped(lon),
            "lat": lat,
        }
        return gpd.GeoDataFrame(columns, geometry=footprints, crs=WGS84)


def find_session_of(session: str, *tables: PatchTable) -> Path:
    """Find the file of a session about one of several tables, by its name or as a `.jsonl` path.

    Raises
    ------
    SessionError
        None of the tables has a session of that name, or several have one.
    """
    if session.endswith(".jsonl"):
        return Path(session)
    about = {find_session(session, table) for table in tables if session in saved_sessions(table)}
    if len(about) > 1:
        raise SessionError(
            f"More than one of the tables has a session {session!r}; give one by its path: "
            f"{' or '.join(sorted(map(str, about)))}."
        )
    return about.pop() if about else find_session(session, tables[0])


def _date(table: PatchTable) -> date | None:
    """Date of a table's scenes, or the only one of an imported table, if known."""
    times = [scene.get("time") for scene in table.metadata.get("scenes", [])]
    if times and times[0]:
        return date.fromisoformat(times[0][:10])
    if table.carried is None:
        return None
    days = [only_day(table.carried, name) for name in date_columns(table.carried.column_names)]
    return next((day for day in days if day is not None), None)


def _require_same_kind(earlier: PatchTable, later: PatchTable) -> None:
    first, second = _date(earlier), _date(later)
    if first is not None and first == second:
        raise TableError(
            f"{later.path}: its date is {second}, as is that of {earlier.path}; give tables of two "
            "dates."
        )
    for fact in ENCODER_FACTS:
        one, other = (_fact(table, fact) for table in (earlier, later))
        if one != other:
            raise TableError(
                f"{later.path}: its encoder differs from that of {earlier.path} ({fact}: {other} "
                f"and {one}); embed both dates with the same encoder."
            )
    if earlier.recipe and later.recipe and earlier.recipe != later.recipe:
        raise TableError(
            f"{later.path}: its embeddings are of {later.recipe}, those of {earlier.path} of "
            f"{earlier.recipe}; compare tables of one product."
        )
    if earlier.dim != later.dim:
        raise TableError(
            f"{later.path}: its embeddings have {later.dim} numbers, those of {earlier.path} "
            f"{earlier.dim}; embed both dates with the same encoder."
        )


def _fact(table: PatchTable, fact: str) -> object:
    """Read a fact about a table's encoder; of a normalisation, the source of its statistics."""
    told = table.metadata.get("encoder", {}).get(fact)
    if isinstance(told, float):
        return round(told, 2)  # in degrees, the height of a scene changes its gsd slightly
    return told.get("source") if isinstance(told, dict) else told


def _open_session(path: Path, earlier: PatchTable, later: PatchTable) -> tuple[Session, bool]:
    """Replay a session on its table, one of two; return also whether that is the later one."""
    header = read_header(path)
    for table, on_later in ((earlier, False), (later, True)):
        if is_about(header, table):
            session = Session(table)
            restore(path, session)
            if session.state.kind is ScoreKind.NONE:
                raise SessionError(f"{path}: it has no template; mark one first.")
            return session, on_later
    raise SessionError(
        f"{path}: this session is about neither {earlier.path} nor {later.path}; give the table "
        "that it was made with as one of the two."
    )


def _scores(
    session: Session,
    earlier: PatchTable,
    later: PatchTable,
    on_later: bool,
    rows: npt.NDArray[np.int64],
) -> tuple[Vector, Vector]:
    """Score the shared patches of both dates together, with one whitening for both."""
    columns = Columns(np.concatenate([earlier.unit_embeddings, later.unit_embeddings]))
    scores, _ = scores_of(session.decisions, columns, start=len(earlier) if on_later else 0)
    return scores[rows[:, 0]], scores[len(earlier) + rows[:, 1]]
