"""Opinions on single patches: verdicts, notes, templates switched off, and audits."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.history import History
from rareearth_explorer.hunt.scoring import Sign
from rareearth_explorer.hunt.state import Audit, Verdict, with_value
from rareearth_explorer.hunt.store.merging import Saying, joined

SIGN_OF: dict[Verdict | None, Sign] = {"confirmed": "positive", "rejected": "negative"}


class Judging(History):
    """The verbs that say something of patches without discarding any."""

    def mute(self, patch: int, muted: bool = True) -> None:
        """Switch a template's effect on the scores off, or on again, to see what it does.

        Raises
        ------
        SessionError
            The patch is no template.
        """
        (patch,) = self._patches(patch)
        if self.state.templates.sign_of(patch) is None:
            raise SessionError(f"Patch {patch} is no template, so it has no effect to switch off.")
        muted = bool(muted)
        opinions = self.state.opinions
        changed = opinions.muted | {patch} if muted else opinions.muted - {patch}
        self._change(
            ("mute", {"patch": patch, "muted": muted}), opinions=replace(opinions, muted=changed)
        )

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
        if verdict not in ("confirmed", "rejected", "skipped", None):
            raise SessionError(
                f"A verdict is 'confirmed', 'rejected' or 'skipped', not {verdict!r}."
            )
        patches = self._patches(patch)
        opinions, templates = self.state.opinions, self.state.templates
        if mark and verdict in SIGN_OF:
            templates = templates.marked(patches, SIGN_OF[verdict])
        opinions = opinions.following(self.state.templates, templates)
        self._change(
            ("judge", {"patch": patches, "verdict": verdict, "mark": bool(mark)}),
            templates=templates,
            opinions=replace(opinions, verdicts=with_value(opinions.verdicts, patches, verdict)),
        )

    def note(self, patch: int, text: str) -> None:
        """Write a note on a patch, replacing an earlier one; an empty text removes it."""
        (patch,) = self._patches(patch)
        opinions = self.state.opinions
        notes = with_value(opinions.notes, [patch], text.strip())
        self._change(
            ("note", {"patch": patch, "text": text}), opinions=replace(opinions, notes=notes)
        )

    def merge(self, said: Iterable[Saying], source: str = "") -> None:
        """Take over what another session says of patches, in one step.

        Parameters
        ----------
        said
            What is taken over, as `merging.Difference.decided` gives it: it replaces what this
            session says of the same things.
        source
            Name of the other session, for the record.

        Raises
        ------
        SessionError
            There is no such patch, or something is said that a session cannot hold.
        """
        listed = [(self._patches(patch)[0], subject, text) for patch, subject, text in said]
        templates, opinions = joined(self.state.templates, self.state.opinions, listed)
        self._change(
            ("merge", {"said": listed, "source": source}), templates=templates, opinions=opinions
        )

    def audit(
        self, size: int = 50, *, patches: Iterable[int] | None = None, pile: int | None = None
    ) -> None:
        """Draw a random sample of the discarded patches, to be reviewed for missed mines.

        Patches that were confirmed or rejected before are not drawn: the analyst chose them, so
        they say nothing of the others, and what they hold is known.

        Parameters
        ----------
        size
            Number of patches wanted; fewer are drawn if fewer were discarded.
        patches
            The sample, when an earlier draw is repeated.
        pile
            Number of patches it was drawn from, which the journal tells its readers.

        Raises
        ------
        SessionError
            Nothing was discarded yet, or all of it was judged.
        """
        discarded = ~self.state.active
        open_ = discarded.copy()
        verdicts = self.state.opinions.verdicts
        open_[[p for p, verdict in verdicts.items() if verdict != "skipped"]] = False
        if patches is None:
            if not discarded.any():
                raise SessionError("Nothing is discarded yet, so there is nothing to sample.")
            if not open_.any():
                raise SessionError("All that is discarded was judged, so nothing is unknown of it.")
            rows = np.random.default_rng().permutation(np.flatnonzero(open_))[:size].tolist()
        else:
            rows = self._patches(patches)
        audit = Audit(tuple(rows), open_, discarded)
        unseen = {p: v for p, v in verdicts.items() if p not in set(rows)}
        self._change(
            ("audit", {"patches": rows, "pile": int(open_.sum())}),
            opinions=replace(self.state.opinions, audit=audit, verdicts=unseen),
        )

    def _patches(self, patches: int | Iterable[int]) -> list[int]:
        numbers = patches if isinstance(patches, Iterable) else (patches,)
        rows = [operator.index(p) for p in numbers]
        for row in rows:
            if not 0 <= row < self._patch_count:
                raise SessionError(
                    f"There is no patch {row}; patches are numbered 0 to {self._patch_count - 1}."
                )
        return rows
