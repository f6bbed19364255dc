"""The contents of a report on a session, for HTML and PDF."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from string import ascii_uppercase
from typing import TYPE_CHECKING, Self

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.storage.safe_text import plain
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.exporting.patch_list import Listed, check_top, list_patches
from rareearth_explorer.exporting.patch_pictures import check_scene, date_of, in_order
from rareearth_explorer.exporting.report_entries import Entry, Section, entries_of
from rareearth_explorer.exporting.report_facts import limits, methods, result
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.views.standing import known_positives, new_candidates

if TYPE_CHECKING:
    import geopandas as gpd

LISTED = 6
"""Default number of listed patches, as many as fit on one page with all else."""

NEW, VERDICTS, MINES = (
    "new candidate{plural}",
    "patch{plural} with a verdict or a note",
    "known mine{plural}, confirmed or marked as positive",
)
ENDINGS = {NEW: "s", VERDICTS: "es", MINES: "s"}
"""What sections list -> the ending of more than one."""

KNOWN = 4
"""Largest number of known mines that are shown."""

SYNTHETIC = (
    "Synthetic: a program drew this scene and its mines. Nothing here is about real mines, and the "
    "AUC says nothing about real imagery."
)


@dataclass(frozen=True, eq=False)
class Report:
    """Everything on the page except the figures, which are drawn from `session` and `scene`.

    Attributes
    ----------
    session, scene
        The session, and the scene of its pictures, if any.
    name
        Name of the session.
    written
        Time of writing, UTC.
    synthetic
        Whether the patches are from the synthetic demo scene.
    source
        Scene and dates, in a sentence.
    result
        What was found, in a sentence.
    listed
        The new candidates or, if asked for, the verdicts and notes.
    known
        Positive templates and confirmed patches that are not among `listed`.
    methods
        Settings, sources and versions: name -> text.
    limits
        What the results do not mean, in sentences.
    """

    session: Session
    scene: Scene | None
    name: str
    written: datetime
    synthetic: bool
    source: str
    result: str
    listed: Section
    known: Section
    methods: dict[str, str]
    limits: list[str]

    @classmethod
    def of(
        cls,
        session: Session,
        *,
        name: str = "unnamed",
        scene: Scene | None = None,
        dates: Sequence[Scene] = (),
        what: Listed = "candidates",
        top: int | None = None,
        within: Collection[int] | None = None,
    ) -> Self:
        """Collect the contents of a report.

        Parameters
        ----------
        session
            The session.
        name
            Name of the session.
        scene
            The scene of the session's table, from which the pictures are taken.
        dates
            Scenes of other dates, for the dates on which a patch is seen.
        what, top
            Which patches are listed first, and how many; `LISTED` if None.
        within
            Row numbers of the patches to choose from; None for all.

        Raises
        ------
        SessionError
            There are no patches to list yet.
        ExportError
            The scene is not the table's, or `top` is below 1.
        SceneError
            A scene cannot be read.
        """
        check_top(top)
        if scene is not None:
            check_scene(scene, session.table)
        frame = list_patches(session, what, within=within)
        if what == "candidates":
            frame = frame[new_candidates(session.decisions)[frame.patch]]
        known = session.to_geodataframe()
        chosen = known.patch.isin(known.patch if within is None else list(within))
        rest = chosen & known_positives(session.decisions) & ~known.patch.isin(frame.patch)
        known = known[rest].sort_values("rank")
        shown = frame.head(LISTED if top is None else top)
        numbers = [str(number) for number in range(1, len(shown) + 1)]
        return cls(
            session=session,
            scene=scene,
            name=plain(name),
            written=datetime.now(UTC),
            synthetic=is_synthetic(session.table),
            source=plain(_source(session.table, scene, dates)),
            result=result(session),
            listed=Section(
                _heading(shown, frame, NEW if what == "candidates" else VERDICTS, within),
                entries_of(session, shown, numbers, scene, dates),
                "There is no new candidate: every patch that was kept is judged or a template.",
            ),
            known=Section(
                _heading(known.head(KNOWN), known, MINES, within),
                entries_of(session, known.head(KNOWN), ascii_uppercase, scene, dates),
                "There is none: no patch is confirmed, and none is a positive template.",
            ),
            methods=methods(session),
            limits=limits(session),
        )

    @property
    def title(self) -> str:
        """Title of the page."""
        return f"Session {self.name}"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All patches that the map marks."""
        return (*self.listed.entries, *self.known.entries)

    @property
    def attribution(self) -> str:
        """What the pictures show, in a sentence; empty without a scene."""
        if self.scene is None:
            return ""
        when = f" of {date_of(self.scene)}" if self.scene.time else ""
        return plain(f"Pictures: {self.scene.path.name}{when}, without the colours of the scores.")


def is_synthetic(table: PatchTable) -> bool:
    """Whether a table was made from the synthetic demo scene."""
    return any("synthetic" in scene["name"].lower() for scene in table.metadata.get("scenes", []))


def _heading(
    shown: gpd.GeoDataFrame,
    of: gpd.GeoDataFrame,
    what: str,
    within: Collection[int] | None,
) -> str:
    selected = "" if within is None else "selected "
    what = what.format(plural="" if len(of) == 1 else ENDINGS[what])
    if len(shown) == len(of):
        return f"{len(of) or 'No'} {selected}{what}"
    return f"The {len(shown):,} best of {len(of):,} {selected}{what}"


def _source(table: PatchTable, scene: Scene | None, dates: Sequence[Scene]) -> str:
    """Name the scene with its time, and the other dates."""
    if scene is None:
        recorded = table.metadata.get("scenes", [])
        named = [f"{each['name']} ({each.get('time') or 'date unknown'})" for each in recorded]
        return f"Scene {', '.join(named)}." if named else "The scene is not recorded."
    when = f"{scene.time:%Y-%m-%d %H:%M} UTC" if scene.time else "date unknown"
    other = ", ".join(date_of(each) for each in in_order(dates))
    return f"Scene {scene.path.name} ({when}){f'; other dates {other}' if other else ''}."
