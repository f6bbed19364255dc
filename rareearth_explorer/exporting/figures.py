"""The figures of a session: scores on a map and in the UMAP, and ROC curves."""

from __future__ import annotations

import io
import math
import textwrap
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.places import wrapped
from rareearth_explorer.data.rendering import palette_rgba
from rareearth_explorer.exporting.outline_drawing import handle, outline, ring
from rareearth_explorer.hunt import Session, State
from rareearth_explorer.hunt.views.group_looks import LOOKS, Group, groups_of
from rareearth_explorer.score import projection
from rareearth_explorer.score.contrast import ScoreKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNSCORED = "#c3c9cf"
FADED = 0.3
"""Share of its colour in a discarded patch; the rest is white."""

OUTLINED: tuple[Group, ...] = ("mines", "selection", "confirmed", "positive", "negative")
"""Groups that the map and the UMAP outline, with the looks of the screen, the lowest first."""

EARLIER, PRESENT, BARS = "#9fb0c0", "#b2182b", "#8aa4bd"
BINS = 60


Groups: TypeAlias = dict[Group, npt.NDArray[np.int64]]


def map_figure(session: Session, size: tuple[float, float] = (5.6, 6.2)) -> Figure:
    """Draw the scores of all patches on a map, with outlines of the groups in `OUTLINED`.

    Parameters
    ----------
    session
        The session to draw.
    size
        Width and height in inches.
    """
    figure = new_figure(size)
    draw_map(figure.add_subplot(), session)
    return figure


def umap_figure(session: Session, size: tuple[float, float] = (5.6, 5.6)) -> Figure:
    """Draw the UMAP of the table, coloured by score, with rings around the groups of `OUTLINED`.

    Without a UMAP, the first two principal components are drawn.
    """
    figure = new_figure(size)
    _draw_umap(figure.add_subplot(), session)
    return figure


def curve_figure(session: Session, size: tuple[float, float] = (4.6, 3.6)) -> Figure:
    """Draw the ROC curve of every round or, without labels, the histogram of the scores."""
    figure = new_figure(size)
    draw_curves(figure.add_subplot(), session)
    return figure


def new_figure(size: tuple[float, float]) -> Figure:
    """Create a figure outside of pyplot, so that any thread may draw it.

    Parameters
    ----------
    size
        Width and height in inches.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=size, dpi=150, layout="constrained")


def encode_figure(figure: Figure, form: str) -> bytes:
    """Encode a figure as "png", "svg" or "pdf"."""
    file = io.BytesIO()
    figure.savefig(file, format=form)
    return file.getvalue()


def draw_map(axes: Axes, session: Session) -> None:
    """Draw the map into axes; discarded patches are pale."""
    draw_scores(axes, session.table.corners, session.state)
    (south, west), (north, east) = session.table.bounds
    axes.set(xlim=(west, east), ylim=(south, north))
    axes.set_aspect(1 / math.cos(math.radians((south + north) / 2)))
    axes.ticklabel_format(useOffset=False)
    if east > 180 or west < -180:
        axes.xaxis.set_major_formatter(lambda lon, _: f"{float(wrapped(lon)):.10g}")
    axes.locator_params(nbins=5)
    _label(axes, "longitude", "latitude")
    add_colour_bar(axes, session.state)
    _outline(axes, session)


def draw_scores(axes: Axes, rings: npt.NDArray[np.float64], state: State) -> None:
    """Fill patches, (N, K, 2) corners, with the colours of their scores."""
    from matplotlib.collections import PolyCollection

    shapes: Any = rings
    # As pixels in SVG and PDF too: 28,757 polygons would take 5 MB and be slow to show.
    patches = PolyCollection(
        shapes, facecolors=_colours(state), linewidths=0, antialiased=False, rasterized=True
    )
    axes.add_collection(patches)


def _outline(axes: Axes, session: Session) -> None:
    """Outline the groups of patches, and add a legend."""
    corners = session.table.corners
    thinner = min(1.0, 100 / math.sqrt(len(corners)))  # else outlines would cover small patches
    groups = _groups(session)
    for group, rows in groups.items():
        outline(axes, corners[rows], LOOKS[group], thinner)
    _explain(axes, session, groups)


def _explain(axes: Axes, session: Session, groups: Groups) -> None:
    """Add a legend of the outlines and of pale patches above the axes."""
    from matplotlib.patches import Patch

    handles: list[Any] = [handle(LOOKS[group]) for group in groups]
    labels = [f"{LOOKS[group].name} ({len(rows):,})" for group, rows in groups.items()]
    if discarded := int((~session.active).sum()):
        handles.append(Patch(facecolor="none"))
        labels.append(f"pale: discarded ({discarded:,})")
    if handles:
        # A legend of the figure: the axes shrink to keep their shape, and would cut it off.
        above: Any = {"loc": "outside upper left", "borderaxespad": 0.2}
        axes.figure.legend(handles, labels, ncols=3, fontsize=7, frameon=False, **above)


def _draw_umap(axes: Axes, session: Session) -> None:
    table, colours = session.table, _colours(session.state)
    if (places := table.umap) is None:
        components = projection.principal_components(table.unit_embeddings, 2)
        places = projection.first_two(components)
    name = "principal component" if table.umap is None else "UMAP"
    size = min(12.0, 60_000 / len(places))
    for shown in (~session.active, session.active):  # pale ones below
        x, y = places[shown].T
        style: Any = {"linewidths": 0.2, "edgecolors": BARS, "rasterized": True}
        axes.scatter(x, y, s=size, c=colours[shown], **style)
    groups = _groups(session)
    for group, rows in groups.items():
        ring(axes, places[rows], LOOKS[group], size + 12)
    _label(axes, f"{name} 1", f"{name} 2")
    add_colour_bar(axes, session.state)
    _explain(axes, session, groups)


def _colours(state: State) -> npt.NDArray[np.float64]:
    """RGB of each patch, (N, 3) in [0, 1]."""
    from matplotlib.colors import to_rgb

    everything = np.ones_like(state.active)
    if state.kind is ScoreKind.NONE:
        return np.array(to_rgb(UNSCORED)) * everything[:, None]
    palette = np.frombuffer(palette_rgba(state.scale.palette), np.uint8).reshape(-1, 4) / 255
    colours = palette[state.scale.levels(state.scores, everything), :3]
    # Mixed here, because transparent neighbours would show a line where they overlap.
    return np.where(state.active[:, None], colours, 1 - FADED * (1 - colours))


def _groups(session: Session) -> Groups:
    """Row numbers of the patches to outline, without empty groups."""
    groups = groups_of(session.state, session.selection)
    return {group: np.array(groups[group], dtype=np.int64) for group in OUTLINED if groups[group]}


def _label(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)


def add_colour_bar(axes: Axes, state: State, **place: Any) -> None:
    """Add the colours of the scores below axes; nothing while there are none.

    `place` are options of matplotlib's colour bar, such as `cax` for axes of its own.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.ticker import MaxNLocator

    if state.kind is ScoreKind.NONE:
        return
    colours = ScalarMappable(Normalize(state.scale.low, state.scale.high), state.scale.palette)
    below: dict[str, Any] = {"ax": axes, "location": "bottom", "shrink": 0.7, "pad": 0.02}
    bar = axes.figure.colorbar(colours, extend="both", **(place or below))
    size, across = (6, 46) if place else (8, 80)
    text = f"{state.score_name}, higher is more mine-like"
    text += "" if state.active.all() or not place else "; pale: discarded"
    bar.set_label(textwrap.fill(text, across), fontsize=size)
    bar.ax.tick_params(labelsize=size)
    bar.locator = MaxNLocator(6)


def draw_curves(axes: Axes, session: Session) -> None:
    """Draw the ROC curve of every round into axes; without labels, the histogram of the scores."""
    if session.mines is None:
        _draw_histogram(axes, session.state)
        return
    axes.set_title("All patches but the templates", fontsize=8)
    _label(axes, "false positive rate", "true positive rate")
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, linestyle=":")
    states = session.state.line
    for number, state in enumerate(states, start=1):
        if (curve := state.roc_curve) is not None:
            last = number == len(states)
            style = {"color": PRESENT, "linewidth": 2} if last else {"color": EARLIER}
            axes.plot(curve.fpr, curve.tpr, label=f"round {number}: {curve.auc:.3f}", **style)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", fontsize=8, title="AUC", title_fontsize=8)


def _draw_histogram(axes: Axes, state: State) -> None:
    axes.set_title("Active patches; no labels, so no ROC curve", fontsize=8)
    _label(axes, state.score_name, "patches")
    if state.kind is not ScoreKind.NONE:
        axes.hist(state.scores[state.active], BINS, color=BARS)
        axes.set_yscale("symlog")
