"""The session: one method for each action of the analyst."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import traitlets as t

from rareearth_explorer.data.labels import Labels, count_pools
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import history, steps
from rareearth_explorer.hunt.decisions import Decisions, Mask, Sign, Verdict
from rareearth_explorer.hunt.history import History
from rareearth_explorer.hunt.patch_mask import PatchMask
from rareearth_explorer.hunt.review import draw_sample
from rareearth_explorer.hunt.state import State
from rareearth_explorer.hunt.statements import Statement
from rareearth_explorer.hunt.step_names import step_name
from rareearth_explorer.hunt.views.frame import geodataframe_of
from rareearth_explorer.hunt.views.layers import Layer
from rareearth_explorer.score.columns import Columns
from rareearth_explorer.score.contrast import ScoreKind, Vector

if TYPE_CHECKING:
    import geopandas as gpd


class Session(t.HasTraits):
    """One analyst's hunt on one patch table.

    Panels and scripts observe the traits and call the verbs. Values are replaced, never changed in
    place. Each verb that changes something is one step of undo; `on_verb` is called before it takes
    effect.

    Parameters
    ----------
    table
        The patches.
    labels
        Labelled pools, if there are any: `Labels`, or the pool count of each patch, (N,).

    Raises
    ------
    LabelsError
        No label lies in any patch.
    """

    state = t.Instance(State)
    """The decisions with their scores and ranking; every verb replaces it at once."""

    threshold = t.Float(0.0)
    """Score below which `refine` discards a patch, in [-1, 1]; undo does not cover it."""

    sign = t.Enum(("positive", "negative"), "positive")
    """The sign that a plain click marks."""

    selection = t.Tuple()
    """Row numbers of the selected patches, ascending."""

    under_review = t.Int(None, allow_none=True)
    """Row number of the patch under review, or None; the map moves to it."""

    bands = t.Tuple(default_value=None, allow_none=True)
    """Roles of the bands that pictures show as red, green and blue; None for true colour."""

    scene = t.Instance(Scene, allow_none=True)
    """Scene of another date whose imagery the map shows, or None for the table's own."""

    hovered = t.Int(None, allow_none=True)
    """Row number of the patch under the pointer, or None."""

    layer = t.Instance(Layer, allow_none=True)
    """Layer that the map shows instead of the scores, or None."""

    message = t.Unicode("")
    """One sentence for the status line: why the last action failed, or empty."""

    notice = t.Unicode("")
    """One sentence for the status line: news that no panel shows, or empty."""

    def __init__(
        self,
        table: PatchTable,
        labels: Labels | npt.ArrayLike | None = None,
        **traits: Any,
    ) -> None:
        self.table = table
        self.pool_count = None if labels is None else count_pools(labels, table.footprints)
        self.pools = None if self.pool_count is None else self.pool_count.per_patch
        self.columns = Columns(table.unit_embeddings)
        self.on_verb: Callable[[str, dict[str, Any]], None] | None = None
        self._history = History(len(table))
        mines = None if self.pools is None else self.pools > 0
        state = State(self._history.present, self.columns, mines)
        super().__init__(state=state, **traits)

    def __repr__(self) -> str:
        """Say how far the hunt is."""
        templates = f"{len(self.positives)} positive and {len(self.negatives)} negative templates"
        kept = f"{int(self.active.sum()):,} of {len(self.table):,} patches"
        rounds, verdicts = len(self.decisions.rounds), len(self.decisions.verdicts)
        return f"<Session: {templates}, {verdicts} verdicts, round {rounds} with {kept}>"

    # What there is ---------------------------------------------------------------------------

    @property
    def decisions(self) -> Decisions:
        """The decisions so far."""
        return self.state.decisions

    @property
    def history(self) -> History:
        """The steps that can be undone and redone; `resume` replaces it."""
        return self._history

    @property
    def positives(self) -> tuple[int, ...]:
        """Row numbers of the positive templates, in the order of marking."""
        return self.decisions.templates.positives

    @property
    def negatives(self) -> tuple[int, ...]:
        """Row numbers of the negative templates, in the order of marking."""
        return self.decisions.templates.negatives

    @property
    def scores(self) -> Vector:
        """(N,) float32 in [-1, 1], higher is more mine-like; NaN while nothing is marked."""
        return self.state.scores

    @property
    def active(self) -> Mask:
        """(N,) True for the patches that no refinement has discarded."""
        return self.state.active

    @property
    def ranking(self) -> npt.NDArray[np.int64]:
        """(N,) row numbers, best first; patches discarded later rank above earlier ones."""
        return self.state.ranking

    @property
    def mines(self) -> Mask | None:
        """(N,) True for patches with at least one labelled pool; None without labels."""
        return self.state.mines

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        return self._history.can_redo

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """Return the session as a table: one row per patch in the order of the table, in EPSG:4326.

        The columns are the row number `patch`; `score`, NaN while nothing is marked, whose name is
        in `attrs["score"]`; `rank`, 1 is the best; `round`, the last round in which the patch was
        active, counted from 1; `active`; `template`, positive or negative; `verdict`; `note`; with
        labels `pools`, the pool count; `lon` and `lat` of the centre; and the footprint. Patches
        without a template, verdict or note have missing values. If the table has activity, there
        is a column `activity`. Columns that the table carries from its source, such as ids and
        dates, follow.
        """
        return geodataframe_of(self.table, self.state, self.pools)

    # Templates -------------------------------------------------------------------------------

    def mark(self, patch: int | Iterable[int], sign: Sign) -> None:
        """Mark a patch, or several, as templates; a template of the other sign changes sign.

        Raises
        ------
        SessionError
            `sign` is neither "positive" nor "negative", or there is no such patch.
        """
        self._do(steps.mark, patch=self._numbers(patch), sign=sign)

    def unmark(self, patch: int | Iterable[int]) -> None:
        """Remove templates; patches that are not templates do not change."""
        self._do(steps.unmark, patch=self._numbers(patch))

    def toggle(self, patch: int, sign: Sign) -> None:
        """Mark a patch, or remove the template if it has this sign already; a click does this."""
        if self.decisions.templates.sign_of(patch) == sign:
            self.unmark(patch)
        else:
            self.mark(patch, sign)

    def clear(self) -> None:
        """Remove all templates."""
        self.unmark([*self.positives, *self.negatives])

    def mute(self, patch: int, muted: bool = True) -> None:
        """Mute a template, or restore it; a muted template does not affect the scores.

        Raises
        ------
        SessionError
            The patch is not a template.
        """
        (row,) = self._numbers(patch)
        self._do(steps.mute, patch=row, muted=bool(muted))

    def score_by(self, scorer: str | None = None, weight: float | None = None) -> None:
        """Choose another scorer or another weight of the negatives; the templates stay.

        Parameters
        ----------
        scorer
            Key of `scorers.SCORERS`, at first "contrast"; None keeps the present one. A scorer that
            whitens the embeddings does so when first chosen, in seconds at the paper's size.
        weight
            Weight of the negatives, in [0, 1], at first 1; None keeps the present one.

        Raises
        ------
        SessionError
            There is no such scorer, or the weight is out of bounds.
        """
        now = self.decisions.scoring
        self._do(
            steps.score_by,
            scorer=now.scorer if scorer is None else scorer,
            weight=now.weight if weight is None else float(weight),
        )

    # Verdicts and notes ----------------------------------------------------------------------

    def judge(
        self, patch: int | Iterable[int], verdict: Verdict | None, *, mark: bool = False
    ) -> None:
        """Record a verdict on patches, which replaces an earlier one; None removes it.

        Parameters
        ----------
        patch
            Row number or numbers.
        verdict
            "confirmed", "rejected" or "skipped".
        mark
            Whether confirmed patches also become positive templates, and rejected patches negative
            templates, in the same step.

        Raises
        ------
        SessionError
            There is no such verdict or patch.
        """
        self._do(steps.judge, patch=self._numbers(patch), verdict=verdict, mark=bool(mark))

    def note(self, patch: int, text: str) -> None:
        """Write a note on a patch, which replaces an earlier one; an empty text removes it."""
        (row,) = self._numbers(patch)
        self._do(steps.note, patch=row, text=text)

    def merge(self, statements: Iterable[Statement], source: str = "") -> None:
        """Add statements of another session about patches, in one step.

        Parameters
        ----------
        statements
            From `store.merge.Difference.decided`; each replaces this session's statement about the
            same patch and subject.
        source
            Name of the other session, for the record.

        Raises
        ------
        SessionError
            There is no such patch, or a session cannot hold the statement.
        """
        self._do(steps.merge, said=[(*statement,) for statement in statements], source=source)

    # Rounds ----------------------------------------------------------------------------------

    def refine(self, threshold: float | None = None) -> None:
        """Discard the active patches that score below `threshold` and begin the next round.

        Templates stay templates, even if their patch is discarded.

        Parameters
        ----------
        threshold
            In [-1, 1]; `self.threshold` if None. 0 in the paper.

        Raises
        ------
        SessionError
            Nothing is marked yet, or no patch or every patch would be kept.
        """
        threshold = self.threshold if threshold is None else float(threshold)
        if self.state.kind is ScoreKind.NONE:
            raise SessionError("There are no scores yet; mark a positive template first.")
        active = self.state.at_least(threshold)
        kept = int(active.sum())
        if kept in (0, int(self.active.sum())):
            what = "no patch would be left" if kept == 0 else "no patch would be discarded"
            raise SessionError(
                f"At threshold {threshold:.3f} {what}; {'lower' if kept == 0 else 'raise'} it "
                "or mark other templates."
            )
        self._do(steps.keep, threshold=threshold, mask=PatchMask.of(active).text())

    def back(self, to: int | None = None) -> None:
        """Return to an earlier round: its patches are active again, and the templates stay.

        The rounds after it become a branch, see `visit`.

        Parameters
        ----------
        to
            Number of the round, 0 is the first; None for the previous one.

        Raises
        ------
        SessionError
            There is no earlier round of that number.
        """
        self._do(steps.back, to=len(self.decisions.rounds) - 2 if to is None else int(to))

    def visit(self, branch: int) -> None:
        """Resume a branch: its rounds, templates, muted templates and scorer.

        The present rounds become a branch, unless the resumed branch continues them. Verdicts and
        notes stay.

        Parameters
        ----------
        branch
            Index in `decisions.branches`.

        Raises
        ------
        SessionError
            There is no such branch.
        """
        self._do(steps.visit, branch=int(branch))

    def audit(self, size: int = 50) -> None:
        """Draw an audit sample: a random sample of the discarded patches, to estimate missed mines.

        Patches that were confirmed or rejected before are not drawn, because it is known already
        whether they are mines.

        Parameters
        ----------
        size
            Number of patches to draw; fewer are drawn if fewer were discarded.

        Raises
        ------
        SessionError
            No patch is discarded yet, or every discarded patch has a verdict.
        """
        sample, pile = draw_sample(self.decisions, size)
        self._do(steps.audit, patches=sample, pile=pile)

    # Undo, and what undo does not cover ------------------------------------------------------

    def undo(self) -> None:
        """Take back the last step; do nothing if there is none."""
        if self.can_undo:
            self._move(history.undo)

    def redo(self) -> None:
        """Repeat the step that was undone last; do nothing if there is none."""
        if self.can_redo:
            self._move(history.redo)

    def select(self, patches: Iterable[int]) -> None:
        """Select patches, which replaces the selection; undo does not cover it."""
        self.selection = tuple(sorted(set(self._numbers(patches))))

    def resume(self, past: History | None = None) -> None:
        """Continue a history, whose steps can be undone here; None starts a new one.

        `on_verb` is reset to None.
        """
        self.on_verb = None
        self._history = History(len(self.table)) if past is None else past
        self.threshold = self._history.threshold
        self._show()

    # How a verb becomes a state --------------------------------------------------------------

    def _do(self, step: Callable[..., Decisions], **arguments: Any) -> None:
        after = step(self._history.present, **arguments)
        if after is not self._history.present:
            self._tell(step, arguments)
            self._history.follow(after, step_name(step.__name__, arguments))
            self._show()

    def _move(self, move: Callable[[History], None]) -> None:
        self._tell(move, {})
        move(self._history)
        self._show()

    def _tell(self, verb: Callable[..., Any], arguments: dict[str, Any]) -> None:
        # Before anything changes: if this process dies while drawing, nothing is lost, and a verb
        # that cannot be recorded is not done.
        if self.on_verb is not None:
            self.on_verb(verb.__name__, arguments)

    def _show(self) -> None:
        self.state = self.state.following(self._history.present)

    def _numbers(self, patch: int | Iterable[int]) -> list[int]:
        return steps.patch_numbers(patch, len(self.table))

    @t.observe("threshold")
    def _aim(self, change: t.Bunch) -> None:
        self._tell(history.aim, {"threshold": change.new})
        self._history.threshold = change.new

    @t.validate("threshold")
    def _within_scores(self, proposal: t.Bunch) -> float:
        return min(1.0, max(-1.0, float(proposal.value)))
