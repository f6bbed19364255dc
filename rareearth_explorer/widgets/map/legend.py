"""The legend of the map, and the description of a patch."""

from __future__ import annotations

from collections.abc import Iterable

from rareearth_explorer.data.rendering import palette_hex
from rareearth_explorer.data.scene import Index
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.views.group_looks import LOOKS, Look
from rareearth_explorer.hunt.views.layers import score_layer
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.score.scale import DIVERGING


def legend(session: Session, index: Index | None = None, groups: Iterable[str] = ()) -> str:
    """Explain the colours as HTML: the number, its range, and which end is mine-like.

    Parameters
    ----------
    session
        Its scores or its layer are shown.
    index
        The index that the imagery shows, if any.
    groups
        Groups of `LOOKS` that are outlined.
    """
    parts = [_of_scores(session)] if index is None else [_of_scores(session), _of_index(index)]
    parts.append("".join(_of_outline(look) for group, look in LOOKS.items() if group in groups))
    return f"<div class='rareearth-legend'>{''.join(parts)}</div>"


def describe_patch(session: Session, patch: int) -> str:
    """Describe a patch: number, template, pool count; on a second line its score and rank."""
    state = session.state
    known = [f"patch {patch}", *session.table.titles_of(patch)]
    if sign := state.decisions.templates.sign_of(patch):
        known.append(f"{sign} template")
    if session.pools is not None and session.pools[patch]:
        known.append(f"{session.pools[patch]} pool{'s' if session.pools[patch] > 1 else ''}")
    if not state.active[patch]:
        known.append("discarded")
    if state.kind is ScoreKind.NONE:
        return " · ".join(known)
    return f"{' · '.join(known)}\nscore {state.scores[patch]:+.3f} · rank {state.ranks[patch]:,}"


def _of_scores(session: Session) -> str:
    if session.layer is None and session.state.kind is ScoreKind.NONE:
        return "<div>Click a patch that shows a mine.</div>"
    layer = session.layer or score_layer(session.state)
    scale = layer.scale
    middle = "0" if scale.palette == DIVERGING else ""
    return (
        f"<b>{layer.title}</b>{_ramp(scale.palette)}"
        f"{_ends(f'{scale.low:.3g}', middle, f'{scale.high:.3g}')}{_ends(*layer.ends)}"
    )


def _of_index(index: Index) -> str:
    return (
        f"<b>{index.name}</b>, {index.meaning}"
        f"{_ramp(index.palette)}{_ends(_number(index.low), _number(index.high))}"
    )


def _of_outline(look: Look) -> str:
    """Show a small square with the line and the casing of the map, and its name."""
    line = "dashed" if look.dashes else "solid"
    colours = (
        f"border:2px {line} {look.colour};outline:1px solid {look.casing};background:{look.casing}"
    )
    square = f"display:inline-block;width:7px;height:7px;margin:1px 4px 0 1px;{colours}"
    return (
        "<span style='display:inline-block;margin-right:8px;white-space:nowrap'>"
        f"<i style='{square}'></i>{look.name}</span>"
    )


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _ramp(palette: str) -> str:
    stops = ",".join(palette_hex(palette, 9))
    return (
        f"<div class='rareearth-ramp' style='background:linear-gradient(to right,{stops})'></div>"
    )


def _ends(*texts: str) -> str:
    spans = "".join(f"<span>{text}</span>" for text in texts)
    return f"<div class='rareearth-ends'>{spans}</div>"
