"""The contents of a report on a session, for HTML and PDF."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Self

import numpy as np

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.storage.safe_text import plain
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.exporting.patch_list import Listed, list_patches
from rareearth_explorer.exporting.patch_pictures import Picture, check_scene, picture_of
from rareearth_explorer.hunt import Session, Sign, State, Verdict
from rareearth_explorer.hunt.review import missed
from rareearth_explorer.score.contrast import ScoreKind

if TYPE_CHECKING:
    import geopandas as gpd

LISTED = 12
"""Default number of listed patches, as many as fit on one page."""

MEANINGS = {
    ScoreKind.NONE: "There are no templates, so there is no score.",
    ScoreKind.POSITIVES: "The score is the mean cosine to the positive templates (equation 2), "
    "from −1 to 1. It has no natural zero.",
    ScoreKind.NEGATIVES: "The score is minus the mean cosine to the negative templates, from −1 "
    "to 1. It has no natural zero.",
    ScoreKind.CONTRAST: "The score is Cosine Contrast (equation 3), from −1 to 1; above 0 is "
    "more similar to the positive templates than to the negative ones.",
}
CAUTION = (
    "A high score means that the encoder finds the patch similar to the templates. It is not a "
    "probability."
)

SYNTHETIC = (
    "Synthetic: a program drew this scene and its mines. Nothing here is about real mines, and the "
    "AUC says nothing about real imagery."
)

FORMS = {
    "rank": "{:,}",
    "patch": "{}",
    "score": "{:+.3f}",
    "round": "{}",
    "template": "{}",
    "verdict": "{}",
    "pools": "{}",
    "lat": "{:.5f}",
    "lon": "{:.5f}",
    "note": "{}",
}
"""Columns of the list -> format of their cells."""

Rows = list[list[str]]
"""Rows of a table, the heading first."""


@dataclass(frozen=True, eq=False)
class Chip:
    """A template with its picture.

    Attributes
    ----------
    sign
        "positive" or "negative".
    caption
        Text below the picture.
    picture
        Its picture; None without a scene.
    """

    sign: Sign
    caption: str
    picture: Picture | None


@dataclass(frozen=True, eq=False)
class Report:
    """Everything on the page except the figures, which are drawn from `session`.

    Attributes
    ----------
    session
        The session.
    name
        Name of the session.
    written
        Time of writing, UTC.
    synthetic
        Whether the patches are from the synthetic demo scene.
    score
        Explanation of the score.
    rounds
        Table of the rounds.
    templates
        The templates, positive ones first.
    listing, pictures
        The best candidates or verdicts, and their pictures, in the same order.
    what
        Whether candidates or verdicts are listed.
    within
        Row numbers of the patches to choose from; None for all.
    facts
        Settings, sources and versions: name -> text.
    """

    session: Session
    name: str
    written: datetime
    synthetic: bool
    score: str
    rounds: Rows
    templates: list[Chip]
    listing: Rows
    pictures: list[Picture | None]
    what: Listed
    within: Collection[int] | None
    facts: dict[str, str]

    @classmethod
    def of(
        cls,
        session: Session,
        *,
        name: str = "unnamed",
        scene: Scene | None = None,
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
        what, top
            Which patches are listed, and how many; `LISTED` if None.
        within
            Row numbers of the patches to choose from; None for all.

        Raises
        ------
        SessionError
            There are no patches to list yet.
        ExportError
            The scene is not the table's, or `top` is below 1.
        SceneError
            The scene cannot be read.
        """
        table, state = session.table, session.state
        if scene is not None:
            check_scene(scene, table)
        frame = list_patches(session, what, LISTED if top is None else top, within)

        def chip(patch: int, sign: Sign) -> Chip:
            off = ", muted" if patch in state.decisions.muted else ""
            return Chip(sign, f"{sign} {patch}{off}", picture_of(scene, table, patch))

        return cls(
            session=session,
            name=plain(name),
            written=datetime.now(UTC),
            synthetic=is_synthetic(table),
            score=f"{_meaning(state)} {CAUTION}",
            rounds=_rounds(session),
            templates=[
                *(chip(patch, "positive") for patch in session.positives),
                *(chip(patch, "negative") for patch in session.negatives),
            ],
            listing=_listing(frame),
            pictures=[picture_of(scene, table, patch) for patch in frame.patch],
            what=what,
            within=within,
            facts=_facts(session),
        )

    @property
    def title(self) -> str:
        """Title of the page."""
        return f"Session {self.name}{', of a synthetic scene' if self.synthetic else ''}"

    def heading(self, shown: int) -> str:
        """Return the heading of the list of patches if `shown` of them are listed."""
        state = self.session.state
        listed = (
            state.decisions.verdicts if self.what == "verdicts" else np.flatnonzero(state.active)
        )
        if self.within is None:
            return f"The {shown:,} best of {len(listed):,} {self.what}"
        whole = len(set(self.within).intersection(listed))
        return f"The {shown:,} best of {whole:,} selected {self.what}"


def is_synthetic(table: PatchTable) -> bool:
    """Whether a table was made from the synthetic demo scene."""
    return any("synthetic" in scene["name"].lower() for scene in table.metadata.get("scenes", []))


def _rounds(session: Session) -> Rows:
    mines, total = session.mines, len(session.table)
    heading = ["round", "threshold", "patches", "share"]
    rows = [[*heading, "with pools", "recall", "precision"] if mines is not None else heading]
    for number, begun in enumerate(session.decisions.rounds, start=1):
        kept = int(begun.active.sum())
        threshold = "" if begun.threshold is None else f"{begun.threshold:+.3f}"
        row = [str(number), threshold, f"{kept:,}", f"{kept / total:.1%}"]
        if mines is not None:
            found = int((mines & begun.active).sum())
            recall = f"{found / mines.sum():.1%}" if mines.any() else ""
            row += [f"{found:,}", recall, f"{found / kept:.1%}"]
        rows.append(row)
    return rows


def _listing(frame: gpd.GeoDataFrame) -> Rows:
    """Format the cells of the list, without empty columns."""
    import pandas as pd

    names = [name for name in FORMS if name in frame and frame[name].notna().any()]
    columns = [
        ["" if pd.isna(value) else FORMS[name].format(value) for value in frame[name]]
        for name in names
    ]
    return [names, *map(list, zip(*columns, strict=True))]


def _meaning(state: State) -> str:
    if state.score_name == state.kind.value:
        return MEANINGS[state.kind]
    return (
        f"The score is {state.score_name}, from −1 to 1, which is not the paper's equation; above "
        "0 is nearer to the positive templates than to the negative ones."
        if state.kind is ScoreKind.CONTRAST
        else f"The score is the {state.score_name}, from −1 to 1. It has no natural zero."
    )


def _facts(session: Session) -> dict[str, str]:
    table, recorded = session.table, session.table.metadata
    verdicts = [*session.decisions.verdicts.values()]
    kinds: tuple[Verdict, ...] = ("confirmed", "rejected", "skipped")
    encoder, scenes, grid = recorded.get("encoder", {}), recorded.get("scenes", []), table.grid
    facts = {
        "verdicts": ", ".join(f"{verdicts.count(kind):,} {kind}" for kind in kinds),
        "missed": _missed(session),
        "patch table": f"{table.path.name if table.path else 'not from a file'}, {len(table):,} "
        f"patches, content {table.identity}",
        "encoder": f"{encoder.get('name', 'not recorded')}, {table.dim} numbers per patch",
        "weights": encoder.get("weights_sha256"),
        "scenes": "; ".join(f"{s['name']}, {s.get('time') or 'time unknown'}" for s in scenes),
        "written by": f"rareearth-explorer {version('rareearth-explorer')}; the table by "
        f"{recorded.get('made_by', 'another program')}",
    }
    if session.pools is not None:
        labelled = int((session.pools > 0).sum())
        facts["labels"] = f"{session.pools.sum():,} pools in {labelled:,} patches"
    if grid is not None:
        facts["patches"] = f"{grid.patch_px} x {grid.patch_px} pixels"
    return {name: plain(str(fact)) for name, fact in facts.items() if fact}


def _missed(session: Session) -> str:
    estimate = missed(session.state)
    return "" if estimate is None else f"{estimate.summary} (Clopper-Pearson)"
