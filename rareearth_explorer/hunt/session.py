"""The session: one method for each thing the analyst can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import traitlets as t

from rareearth_explorer.data.labels import Labels, pool_counts
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
from rareearth_explorer.hunt.views.frame import geodataframe_of
from rareearth_explorer.hunt.views.layers import Layer
from rareearth_explorer.score.columns import Columns
from rareearth_explorer.score.contrast import ScoreKind, Vector

if TYPE_CHECKING:
    import geopandas as gpd


class Session(t.HasTraits):
    """What one analyst does with one patch table.

    Panels observe the traits and call the verbs; so can a script. Values are replaced, never
    changed in place. Each verb that changes something is one step of undo; `on_verb` hears of it
    before it takes effect.

    Parameters
    ----------
    table
        The patches.
    labels
        Known pools, if there are any: `Labels`, or the number of pools in each patch, (N,).

    Raises
    ------
    LabelsError
        No label lies in any patch.
    """

    state = t.Instance(State)
    """The decisions, and the scores and ranking that follow; every verb replaces it at once."""

    threshold = t.Float(0.0)
    """Score at which `refine` discards by default, in [-1, 1]; undo does not cover it."""

    sign = t.Enum(("positive", "negative"), "positive")
    """The sign that a plain click marks."""

    selection = t.Tuple()
    """Row numbers of the selected patches, ascending."""

    in_hand = t.Int(None, allow_none=True)
    """Row number of the patch under review, or None; the map flies to it."""

    bands = t.Tuple(default_value=None, allow_none=True)
    """Roles of the bands that pictures show as red, green and blue; None for true colour."""

    scene = t.Instance(Scene, allow_none=True)
    """Scene of another date whose imagery the map shows, or None for the table's own."""

    hovered = t.Int(None, allow_none=True)
    """Row number of the patch under the pointer, or None."""

    layer = t.Instance(Layer, allow_none=True)
    """What the map paints instead of the scores, or None."""

    message = t.Unicode("")
    """One sentence for the status line: why the last thing tried failed, or empty."""

    notice = t.Unicode("")
    """One sentence for the status line: what happened where no panel shows it, or empty."""

    def __init__(
        self,
        table: PatchTable,
        labels: Labels | npt.ArrayLike | None = None,
        **traits: Any,
    ) -> None:
        self.table = table
        self.pools = None if labels is None else pool_counts(labels, table.footprints)
        self.columns = Columns(table.unit_embeddings)
        self.on_verb: Callable[[str, dict[str, Any]], None] | None = None
        self._history = History(len(table))
        mines = None if self.pools is None else self.pools > 0
        state = State(self._history.present, self.columns, mines)
        super().__init__(state=state, **traits)

    # What there is ---------------------------------------------------------------------------

    @property
    def decisions(self) -> Decisions:
        """What the analyst decided so far."""
        return self.state.decisions

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
        """(N,) row numbers, best first; patches discarded later stand above those before."""
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
        """Tabulate the session, one row per patch in the order of the table, in EPSG:4326.

        Columns are the row number `patch`; `score`, NaN while nothing is marked, which
        `attrs["score"]` names; `rank`, 1 is the best; `round`, the last in which the patch was
        active, from 1; `active`; `template`, positive or negative; `verdict`; `note`; with labels
        the number of `pools`; `lon` and `lat` of the centre; and the footprint. Templates,
        verdicts and notes are missing where there are none. A table with activity adds the column
        `activity`.
        """
        return geodataframe_of(self.table, self.state, self.pools)

    # Templates -------------------------------------------------------------------------------

    def mark(self, patch: int | Iterable[int], sign: Sign) -> None:
        """Mark a patch, or several at once, as templates; a template of the other sign changes.

        Raises
        ------
        SessionError
            `sign` is neither "positive" nor "negative", or there is no such patch.
        """
        self._do(steps.mark, patch=self._numbers(patch), sign=sign)

    def unmark(self, patch: int | Iterable[int]) -> None:
        """Take templates back; patches that are no templates are left as they are."""
        self._do(steps.unmark, patch=self._numbers(patch))

    def toggle(self, patch: int, sign: Sign) -> None:
        """Mark a patch, or take it back if it carries this sign already: what a click does."""
        if self.decisions.templates.sign_of(patch) == sign:
            self.unmark(patch)
        else:
            self.mark(patch, sign)

    def clear(self) -> None:
        """Take all templates back."""
        self.unmark([*self.positives, *self.negatives])

    def mute(self, patch: int, muted: bool = True) -> None:
        """Switch a template's effect on the scores off, or on again, to see what it does.

        Raises
        ------
        SessionError
            The patch is no template.
        """
        (row,) = self._numbers(patch)
        self._do(steps.mute, patch=row, muted=bool(muted))

    def score_by(self, scorer: str | None = None, weight: float | None = None) -> None:
        """Score by another scorer, or give the negatives another weight; the templates stay.

        Parameters
        ----------
        scorer
            Key of `scorers.SCORERS`, "contrast" at first; the present one when None. One that
            whitens does so when first chosen, which takes seconds at the paper's size.
        weight
            How much the negatives count, in [0, 1]; 1 at first; the present one when None.

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
        """Record a verdict on patches, replacing an earlier one; None takes it back.

        Parameters
        ----------
        patch
            Row number or numbers.
        verdict
            "confirmed", "rejected" or "skipped".
        mark
            Whether confirmed patches also become positive templates and rejected ones negative,
            in the same step.

        Raises
        ------
        SessionError
            There is no such verdict or patch.
        """
        self._do(steps.judge, patch=self._numbers(patch), verdict=verdict, mark=bool(mark))

    def note(self, patch: int, text: str) -> None:
        """Write a note on a patch, replacing an earlier one; an empty text removes it."""
        (row,) = self._numbers(patch)
        self._do(steps.note, patch=row, text=text)

    def merge(self, said: Iterable[Statement], source: str = "") -> None:
        """Take over what another session states about patches, in one step.

        Parameters
        ----------
        said
            What is taken over, as `store.merge.Difference.decided` gives it: it replaces what
            this session states about the same patches and subjects.
        source
            Name of the other session, for the record.

        Raises
        ------
        SessionError
            There is no such patch, or a session cannot hold the statement.
        """
        self._do(steps.merge, said=[(p, subject, text) for p, subject, text in said], source=source)

    # Rounds ----------------------------------------------------------------------------------

    def refine(self, threshold: float | None = None) -> None:
        """Keep the active patches that score at least `threshold` and start a new round.

        Templates stay templates, also those whose patch is discarded.

        Parameters
        ----------
        threshold
            In [-1, 1]; `self.threshold` when None. The paper's is 0.

        Raises
        ------
        SessionError
            Nothing is marked yet, or no patch or every patch would be kept.
        """
        threshold = self.threshold if threshold is None else float(threshold)
        if self.state.kind is ScoreKind.NONE:
            raise SessionError("There is no score to refine by; mark a positive template first.")
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
        """Return to an earlier round: its patches are active again, the templates stay.

        The rounds after it are kept as a branch, see `visit`.

        Parameters
        ----------
        to
            Number of the round, 0 is the first; the one before when None.

        Raises
        ------
        SessionError
            There is no earlier round of that number.
        """
        self._do(steps.back, to=len(self.decisions.rounds) - 2 if to is None else int(to))

    def visit(self, branch: int) -> None:
        """Go on where a branch ended: its rounds, its templates, its scorer.

        Its muted templates are muted again. The present line of rounds becomes a branch, unless
        the one visited continues it. Verdicts and notes stay.

        Parameters
        ----------
        branch
            Place in `decisions.branches`.

        Raises
        ------
        SessionError
            There is no such branch.
        """
        self._do(steps.visit, branch=int(branch))

    def audit(self, size: int = 50) -> None:
        """Draw a random sample of the discarded patches, to be reviewed for missed mines.

        Patches that were confirmed or rejected before are not drawn: the analyst chose them, so
        they say nothing of the others, and what they hold is known.

        Parameters
        ----------
        size
            Number of patches wanted; fewer are drawn if fewer were discarded.

        Raises
        ------
        SessionError
            Nothing was discarded yet, or all of it was judged.
        """
        sample, pile = draw_sample(self.decisions, size)
        self._do(steps.audit, patches=sample, pile=pile)

    # Undo, and what undo does not cover ------------------------------------------------------

    def undo(self) -> None:
        """Take back the last verb that changed something; nothing if there is none."""
        if self.can_undo:
            self._move(history.undo)

    def redo(self) -> None:
        """Do again what was undone last; nothing if there is none."""
        if self.can_redo:
            self._move(history.redo)

    def select(self, patches: Iterable[int]) -> None:
        """Select patches, replacing the selection; undo does not cover it."""
        self.selection = tuple(sorted(set(self._numbers(patches))))

    def resume(self, past: History | None = None) -> None:
        """Go on with the decisions of a history, whose steps can be undone here; or begin anew.

        Whoever heard of the verbs does not hear of them any more.
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
            self._history.follow(after)
            self._show()

    def _move(self, move: Callable[[History], None]) -> None:
        self._tell(move, {})
        move(self._history)
        self._show()

    def _tell(self, verb: Callable[..., Any], arguments: dict[str, Any]) -> None:
        # Before anything changes: if this process dies while drawing, nothing is lost, and what
        # cannot be recorded is not done.
        if self.on_verb is not None:
            self.on_verb(verb.__name__, arguments)

    def _show(self) -> None:
        self.state = self.state.following(self._history.present)

    def _numbers(self, patch: int | Iterable[int]) -> list[int]:
        return steps.patch_numbers(patch, len(self.table))

    @t.observe("threshold")
    def _aim(self, change: t.Bunch) -> None:
        if change.new != self._history.threshold:  # or it follows the history
            self._tell(history.aim, {"threshold": change.new})
            self._history.threshold = change.new

    @t.validate("threshold")
    def _within_scores(self, proposal: t.Bunch) -> float:
        return min(1.0, max(-1.0, float(proposal.value)))
