"""The patches of a report: what is said of each, and in which section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rareearth_explorer.data.grid import written
from rareearth_explorer.data.places import mgrs_text
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.storage.safe_text import plain
from rareearth_explorer.exporting.patch_pictures import Picture, dates_seen, in_order, picture_of
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.views.group_looks import Group

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True, eq=False)
class Entry:
    """One patch of a report.

    Attributes
    ----------
    mark
        Its number or letter on the map.
    patch
        Its row number.
    group
        Whose look its outline has.
    facts
        Place, score, dates, verdict, one a line.
    note
        The analyst's note, or empty.
    picture
        Its picture; None without a scene.
    """

    mark: str
    patch: int
    group: Group
    facts: tuple[str, ...]
    note: str
    picture: Picture | None

    @property
    def title(self) -> str:
        """Its mark and its number."""
        return f"{self.mark} · patch {self.patch}"


@dataclass(frozen=True, eq=False)
class Section:
    """Patches of one kind, best first.

    Attributes
    ----------
    heading
        What they are, and how many of how many are shown.
    entries
        The patches that are shown.
    empty
        What to say if there are none.
    """

    heading: str
    entries: tuple[Entry, ...]
    empty: str


def entries_of(
    session: Session,
    frame: gpd.GeoDataFrame,
    marks: Sequence[str],
    scene: Scene | None,
    dates: Sequence[Scene],
) -> tuple[Entry, ...]:
    """Describe patches.

    Parameters
    ----------
    session
        The session.
    frame
        Rows of `Session.to_geodataframe`.
    marks
        Their numbers or letters on the map, at least as many.
    scene
        The scene of the pictures, if any.
    dates
        Scenes of other dates.
    """
    scenes = in_order([*([scene] if scene else []), *dates])
    return tuple(
        Entry(
            mark=mark,
            patch=row.patch,
            group=_group(row),
            facts=tuple(map(plain, _facts(session, row, scenes))),
            note=plain(_text(row.note)),
            picture=picture_of(scene, session.table, row.patch),
        )
        for mark, row in zip(marks, frame.itertuples(), strict=False)
    )


def _facts(session: Session, row: Any, scenes: Sequence[Scene]) -> list[str]:
    place = written(row.lat, row.lon).replace("° ", "°\u00a0")  # lines break between the two
    known = [*session.table.titles_of(row.patch), place, mgrs_text(row.lon, row.lat)]
    score = "" if np.isnan(row.score) else f"score {row.score:+.3f}, "
    known.append(f"{score}rank {row.rank:,}")
    if scenes:
        known.append(_seen(dates_seen(scenes, session.table, row.patch), len(scenes)))
    template = f"{_text(row.template)} template" if _text(row.template) else ""
    decided = ", ".join(filter(None, [template, _text(row.verdict)])) or "no verdict"
    known.append(decided if row.active else f"{decided}, discarded")
    if pools := getattr(row, "pools", 0):
        known.append(f"{pools:,} labelled pool{'s' if pools > 1 else ''}")
    return known


def _seen(dates: Sequence[str], scenes: int) -> str:
    """Say on which dates a patch is seen."""
    if len(dates) == scenes and scenes > 2:
        return f"seen on all {scenes} dates"
    some = f" {len(dates)} of {scenes} dates:" if len(dates) < scenes else ""
    return f"seen on{some} {', '.join(dates)}" if dates else "seen on no date"


def _group(row: Any) -> Group:
    """Return the group whose look a patch has: its verdict counts more than its template."""
    verdict, template = _text(row.verdict), _text(row.template)
    if verdict == "confirmed":
        return "confirmed"
    if verdict == "rejected":
        return "rejected"
    if template:
        return "positive" if template == "positive" else "negative"
    return "candidate"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
