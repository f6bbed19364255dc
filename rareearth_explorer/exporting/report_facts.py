"""What a report says of a session as a whole: its result, its methods and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from itertools import takewhile

import numpy as np

from rareearth_explorer.data.storage.safe_text import plain
from rareearth_explorer.hunt import Session, State, Verdict
from rareearth_explorer.hunt.review import missed
from rareearth_explorer.hunt.views.standing import new_candidates
from rareearth_explorer.score.contrast import ScoreKind

NAMED = 24
"""Largest number of templates that are named."""

MEANINGS = {
    ScoreKind.NONE: "there are no templates, so there is no score",
    ScoreKind.POSITIVES: "the mean cosine to the positive templates (equation 2), from −1 to 1; "
    "it has no natural zero",
    ScoreKind.NEGATIVES: "minus the mean cosine to the negative templates, from −1 to 1; it has "
    "no natural zero",
    ScoreKind.CONTRAST: "Cosine Contrast (equation 3), from −1 to 1; above 0 is more similar to "
    "the positive templates than to the negative ones",
}

INTERVAL = "interval of missed mines by Clopper and Pearson (exact)"

CAUTION = (
    "A high score means that the encoder finds the patch similar to the templates. It is not a "
    "probability, and no score separates mines from other places."
)
READING = (
    "A verdict is the analyst's reading of imagery, not a check on the ground; a candidate without "
    "a verdict has been read by nobody."
)
UNTRAINED = (
    "The encoder random-features has learned from no imagery; expect more mistakes than of a "
    "trained one."
)


def result(session: Session) -> str:
    """Say in a sentence what the hunt found, how far it was reviewed, and what may be missed."""
    state, decisions = session.state, session.decisions
    kept, total = int(state.active.sum()), len(session.table)
    new = int(new_candidates(decisions).sum())
    given = [verdict for patch, verdict in decisions.verdicts.items() if state.active[patch]]
    confirmed, rejected = (_count(session, verdict) for verdict in ("confirmed", "rejected"))
    looked_at = {*decisions.verdicts, *decisions.templates.marked}
    best = sum(1 for _ in takewhile(looked_at.__contains__, state.ranking.tolist()))
    gapless = f", without a gap down to rank {best:,}" if best else ""
    parts = [
        f"{new:,} of {total:,} patches are new candidates",
        f"{confirmed:,} {'is' if confirmed == 1 else 'are'} confirmed and {rejected:,} rejected",
        f"{len(given):,} of the {kept:,} kept patches have a verdict{gapless}",
    ]
    estimate = missed(state)
    if estimate is not None:
        parts.append(estimate.summary)
    elif kept < total:
        parts.append(
            f"how many mines are among the {total - kept:,} discarded patches is unknown, because "
            "no sample of them was reviewed"
        )
    return f"{'; '.join(parts)}."


def methods(session: Session) -> dict[str, str]:
    """Return what defends the list: data, encoder, score, templates, rounds, review, versions."""
    table, recorded, decisions = session.table, session.table.metadata, session.decisions
    encoder, grid = recorded.get("encoder", {}), table.grid
    size = f" of {grid.patch_px} x {grid.patch_px} pixels" if grid is not None else ""
    facts = {
        "patch table": f"{table.path.name if table.path else 'not from a file'}, {len(table):,} "
        f"patches{size}, content {table.identity}",
        "scenes": "; ".join(
            f"{scene['name']}, {scene.get('time') or 'time unknown'}"
            for scene in recorded.get("scenes", [])
        ),
        "encoder": f"{encoder.get('name', 'not recorded')}, {table.dim} numbers per patch",
        "weights": encoder.get("weights_sha256"),
        "score": _meaning(session.state),
        "templates": "; ".join(
            f"{len(patches):,} {sign}{_named(patches, decisions.muted)}"
            for sign, patches in decisions.templates.by_sign.items()
        ),
        "rounds": "; ".join(_rounds(session)),
        "review": ", ".join(
            f"{_count(session, verdict):,} {verdict}"
            for verdict in ("confirmed", "rejected", "skipped")
        )
        + ("" if missed(session.state) is None else f"; {INTERVAL}"),
        "labels": _labels(session),
        "places": "centres of patches on WGS 84, in degrees and as the MGRS square of 10 m",
        "written by": f"rareearth-explorer {version('rareearth-explorer')}; the table by "
        f"{recorded.get('made_by', 'another program')}",
    }
    return {name: plain(str(fact)) for name, fact in facts.items() if fact}


def limits(session: Session) -> list[str]:
    """Say what the results do not mean."""
    discarded = int((~session.active).sum())
    encoder = session.table.metadata.get("encoder", {}).get("name")
    unknown = (
        f"Mines may be among the {discarded:,} discarded patches; without a reviewed sample of "
        "them nobody knows how many."
        if discarded and missed(session.state) is None
        else ""
    )
    untrained = UNTRAINED if encoder == "random-features" else ""
    return [each for each in (CAUTION, READING, unknown, untrained) if each]


def _count(session: Session, verdict: Verdict) -> int:
    return [*session.decisions.verdicts.values()].count(verdict)


def _named(patches: Sequence[int], muted: frozenset[int]) -> str:
    shown = [f"{patch}{', muted' if patch in muted else ''}" for patch in patches[:NAMED]]
    more = f" and {len(patches) - NAMED:,} more" if len(patches) > NAMED else ""
    return f" (patches {'; '.join(shown)}{more})" if shown else ""


def _rounds(session: Session) -> list[str]:
    mines, total, said = session.mines, len(session.table), []
    for number, begun in enumerate(session.decisions.rounds, start=1):
        kept = int(begun.active.sum())
        threshold = "" if begun.threshold is None else f" from a score of {begun.threshold:+.3f}"
        text = f"{number}: {kept:,} patches{threshold} ({kept / total:.1%})"
        if mines is not None and mines.any():
            found = int((mines & begun.active).sum())
            text += f", {found:,} of {mines.sum():,} with labelled pools"
        said.append(text)
    return said


def _meaning(state: State) -> str:
    if state.score_name == state.kind.value:
        return MEANINGS[state.kind]
    return (
        f"{state.score_name}, from −1 to 1, which is not the paper's equation; above 0 is nearer "
        "to the positive templates than to the negative ones"
        if state.kind is ScoreKind.CONTRAST
        else f"{state.score_name}, from −1 to 1; it has no natural zero"
    )


def _labels(session: Session) -> str:
    if session.pools is None:
        return ""
    labelled = int(np.count_nonzero(session.pools))
    return (
        f"{session.pools.sum():,} pools in {labelled:,} patches; a labelled patch is a candidate "
        "like any other"
    )
