"""The map of a report: imagery with the listed patches numbered, and beside it the scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.places import wrapped
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.scene.tiles import EARTH_RADIUS, near_scene, tile_bounds
from rareearth_explorer.exporting.figures import add_colour_bar, draw_curves, draw_scores
from rareearth_explorer.exporting.outline_drawing import handle, outline
from rareearth_explorer.exporting.page_layout import INNER, Pages
from rareearth_explorer.exporting.report_entries import Entry
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.views.group_looks import LOOKS, Group, groups_of
from rareearth_explorer.score.contrast import ScoreKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PIXELS = 1200
"""Approximate length of the longer side of the imagery."""

TILE = 256
WIDEST, TICKS, SCORES, LEGEND, GAP = 122.0, 4.0, 54.0, 40.0, 5.0
"""Millimetres: width of the map, of the coordinates beside it, of the scores, of the legend."""

BAR, LINES = 12.0, 20.0
"""Heights of the colours of the scores with their numbers, and of the legend."""

TALLEST, LOWEST = 61.0, 30.0
"""Bounds of the height of the map in millimetres."""

LEAST = 1 / 55
"""Least side of an outline as a share of the map, so that small patches can be seen."""

SIZES = [size * 10**power for power in range(6) for size in (1, 2, 5)]
"""Lengths of the scale bar to choose from, in units of 10 m."""

Metres = npt.NDArray[np.float64]
Extent = tuple[float, float, float, float]
"""West, east, south, north in metres of Web Mercator."""


class ReportMap:
    """The map with imagery, and the map of the scores, in Web Mercator: north is up.

    Parameters
    ----------
    session, scene
        The scores, and the imagery beneath; without a scene, scores are shown instead.
    entries
        The patches to number.
    """

    def __init__(self, session: Session, scene: Scene | None, entries: Sequence[Entry]) -> None:
        self.session, self.scene, self.entries = session, scene, entries
        self.rings = mercator(session.table.corners)
        (south, west), (north, east) = session.table.bounds
        (left, bottom), (right, top) = mercator(np.array([[west, south], [east, north]]))
        edge = 0.015 * max(right - left, top - bottom)
        self.extent: Extent = (left - edge, right + edge, bottom - edge, top + edge)
        self.middle = math.radians((south + north) / 2)

    def draw_row(self, pages: Pages, left: float, top: float) -> None:
        """Draw both maps beside each other, `INNER` wide, with legend and colours."""
        width, height = self._size(WIDEST, TALLEST)
        self.draw(pages.axes(left + TICKS, top, width, height))
        left, right = left + TICKS + width + GAP, left + INNER
        below = top
        if self.scene is not None:
            across, down = self._size(SCORES if self.roomy else right - left, height - BAR)
            self.draw_scores(pages.axes(left, top, across, down))
            self._colour_bar(pages, left, top + down + 1.5, across)
            left, below = (left + across + GAP, top) if self.roomy else (left, top + down + BAR + 3)
        else:
            self._colour_bar(pages, left, top + 1, min(right - left, SCORES))
            below += BAR
        place = (left / pages.width, 1 - below / pages.height)
        self.legend(pages.figures[-1], place, fontsize=6.5, borderaxespad=0, borderpad=0)
        if self.roomy:
            tall = min(36.0, height - 26)
            draw_small_curve(pages, self.session, (left, top + height - tall), right - left, tall)

    @property
    def roomy(self) -> bool:
        """Whether the row has room for the ROC curve or the histogram, as beside a square map."""
        width, _ = self._size(WIDEST, TALLEST)
        return self.scene is not None and INNER - TICKS - width - GAP >= SCORES + LEGEND

    def row_height(self) -> float:
        """Height of the row of maps with the coordinates below."""
        width, height = self._size(WIDEST, TALLEST)
        if self.roomy:
            return max(height + TICKS, 40.0)
        scores = self._size(INNER - TICKS - width - GAP, height - BAR)[1] if self.scene else 0.0
        return max(height + TICKS, scores + BAR + 3 + LINES)

    def _size(self, widest: float, tallest: float) -> tuple[float, float]:
        """Width and height of a map within bounds."""
        west, east, south, north = self.extent
        tall = (north - south) / (east - west)
        width = min(widest, max(tallest, LOWEST) / tall)
        return width, width * tall

    def _colour_bar(self, pages: Pages, left: float, top: float, width: float) -> None:
        if self.session.state.kind is not ScoreKind.NONE:
            bar = pages.axes(left + 1, top, width - 2, 2.0)
            add_colour_bar(bar, self.session.state, cax=bar, orientation="horizontal")

    def draw(self, axes: Axes) -> None:
        """Draw the imagery with outlines, numbers, coordinates and a scale bar into axes."""
        if self.scene is None:
            draw_scores(axes, self.rings, self.session.state)
        else:
            picture, extent = stitched(self.scene, self.extent)
            axes.imshow(picture, extent=extent, interpolation="bilinear")
        self._frame(axes)
        axes.set_facecolor("#e9ecee")
        self._coordinates(axes)
        self._outlines(axes)
        self._numbers(axes)
        self._scale_bar(axes)

    def draw_scores(self, axes: Axes) -> None:
        """Draw the scores of all patches into axes; discarded patches are pale."""
        draw_scores(axes, self.rings, self.session.state)
        self._frame(axes)
        axes.set_xticks([])
        axes.set_yticks([])

    def legend(self, figure: Figure, place: tuple[float, float], **style: Any) -> None:
        """Add a legend of the outlines to the figure, its upper left corner at a place."""
        groups = self._groups()
        names = [f"{LOOKS[group].name} ({len(rows):,})" for group, rows in groups.items()]
        if names:
            handles: list[Any] = [handle(LOOKS[group]) for group in groups]
            figure.legend(
                handles, names, loc="upper left", bbox_to_anchor=place, frameon=False, **style
            )

    def _frame(self, axes: Axes) -> None:
        west, east, south, north = self.extent
        axes.set(xlim=(west, east), ylim=(south, north), aspect="equal", anchor="NW")
        for spine in axes.spines.values():
            spine.set(linewidth=0.5, color="#5b646c")

    def _groups(self) -> dict[Group, list[int]]:
        """Row numbers of the patches to outline, without empty groups."""
        decided = groups_of(self.session.state)
        listed: dict[Group, list[int]] = {}
        for entry in self.entries:
            listed.setdefault(entry.group, []).append(entry.patch)
        both = {group: decided.get(group) or listed.get(group, []) for group in LOOKS}
        return {group: rows for group, rows in both.items() if rows}

    def _outlines(self, axes: Axes) -> None:
        for group, rows in self._groups().items():
            thinner = 0.5 if group == "mines" else 1.0
            outline(axes, self._enlarged(rows), LOOKS[group], thinner)

    def _enlarged(self, rows: Sequence[int]) -> Metres:
        """Corners of patches, (n, 4, 2), made larger about the centre where they are too small."""
        west, east, south, north = self.extent
        rings = self.rings[list(rows)]
        centres = rings.mean(axis=1, keepdims=True)
        sides = np.ptp(rings, axis=1).max(axis=-1)[:, None, None]
        least = LEAST * max(east - west, north - south)
        return np.asarray(centres + (rings - centres) * np.maximum(1, least / sides))

    def _numbers(self, axes: Axes) -> None:
        """Write the marks beside their patches, where they cover the fewest others."""
        from matplotlib.patheffects import withStroke

        west, east, south, north = self.extent
        rings = self._enlarged([entry.patch for entry in self.entries])
        step = 0.021 * max(east - west, north - south)
        taken: list[Metres] = [*rings.mean(axis=1)]
        for entry, ring in zip(self.entries, rings, strict=True):
            x, y = spot = _free_spot(ring, step, taken, self.extent)
            taken.append(spot)
            axes.text(
                x, y, entry.mark, ha="center", va="center", fontsize=7.5, weight="bold",
                color="#ffffff", path_effects=[withStroke(linewidth=2, foreground="#000000")],
            )  # fmt: skip

    def _coordinates(self, axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        (south, west), (north, east) = self.session.table.bounds
        ticks = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10])
        lon = [each for each in ticks.tick_values(west, east) if west <= each <= east]
        edge = 0.06 * (north - south)  # where a number would reach beyond the map
        lat = [
            each for each in ticks.tick_values(south, north) if south + edge <= each <= north - edge
        ]
        x = mercator(np.array([[each, 0] for each in lon]).reshape(-1, 2))[:, 0]
        y = mercator(np.array([[0, each] for each in lat]).reshape(-1, 2))[:, 1]
        axes.set_xticks(x, [_degrees(float(wrapped(each)), "EW") for each in lon])
        axes.set_yticks(y, [_degrees(each, "NS") for each in lat], rotation=90, va="center")
        axes.tick_params(labelsize=6, length=2, width=0.5, pad=1.5, colors="#5b646c")

    def _scale_bar(self, axes: Axes) -> None:
        """Draw a bar of a round length at the lower left, and an arrow to the north above it."""
        from matplotlib.patheffects import withStroke

        west, east, south, north = self.extent
        across, up = east - west, north - south
        scale = 1 / math.cos(self.middle)  # metres of the map for one on the ground
        length = max([s for s in SIZES if s * 10 * scale < 0.3 * across], default=SIZES[0]) * 10
        x, y = west + 0.03 * across, south + 0.035 * up
        thick: Any = {"path_effects": [withStroke(linewidth=4, foreground="#000000")]}
        axes.plot(
            [x, x + length * scale], [y, y], color="#ffffff", lw=2, solid_capstyle="butt", **thick
        )
        text = f"{length / 1000:g} km" if length >= 1000 else f"{length} m"
        thick = {"path_effects": [withStroke(linewidth=1.6, foreground="#000000")]}
        style: Any = {"color": "#ffffff", "fontsize": 7, "va": "bottom", **thick}
        axes.text(x, y + 0.012 * up, text, **style)
        axes.text(
            0.985, 0.98, "N\n↑", transform=axes.transAxes, ha="right",
            **{**style, "va": "top", "fontsize": 9, "linespacing": 0.9},
        )  # fmt: skip


def draw_small_curve(
    pages: Pages, session: Session, corner: tuple[float, float], width: float, height: float
) -> None:
    """Draw the ROC curve, or the histogram of the scores, at a left and a top of a page."""
    left, top = corner
    axes = pages.axes(left + 9, top + 4, width - 9, height - 12)
    draw_curves(axes, session)
    for label in (axes.title, axes.xaxis.label, axes.yaxis.label):
        label.set_fontsize(6)
    axes.tick_params(labelsize=6, length=2, pad=1.5)
    if legend := axes.get_legend():
        legend.set_frame_on(False)
        for text in (*legend.get_texts(), legend.get_title()):
            text.set_fontsize(6)


def mercator(lonlat: npt.NDArray[np.float64]) -> Metres:
    """Web Mercator metres of degrees, (..., 2); longitudes above 180 go on."""
    lon, lat = np.moveaxis(np.radians(lonlat), -1, 0)
    return np.stack([EARTH_RADIUS * lon, EARTH_RADIUS * np.arcsinh(np.tan(lat))], axis=-1)


def stitched(scene: Scene, extent: Extent) -> tuple[npt.NDArray[np.uint8], Extent]:
    """Draw a scene within an extent: (H, W, 4) RGBA, transparent where empty, and its own extent.

    Raises
    ------
    SceneError
        The scene cannot be read.
    """
    west, east, south, north = extent
    around = 2 * math.pi * EARTH_RADIUS
    zoom = round(math.log2(PIXELS / TILE * around / max(east - west, north - south)))
    zoom = max(0, min(22, zoom))
    side = around / 2**zoom
    columns = range(math.floor((west + around / 2) / side), math.ceil((east + around / 2) / side))
    rows = range(math.floor((around / 2 - north) / side), math.ceil((around / 2 - south) / side))
    lines = [
        np.hstack([scene.tile(zoom, near_scene(x, zoom, scene.bounds), y) for x in columns])
        for y in rows
    ]
    left, _, _, top = tile_bounds(zoom, columns[0], rows[0])
    _, bottom, right, _ = tile_bounds(zoom, columns[-1], rows[-1])
    return np.vstack(lines), (left, right, bottom, top)


def _free_spot(ring: Metres, step: float, taken: Sequence[Metres], extent: Extent) -> Metres:
    """Find a place beside a ring that is far from others and within the extent."""
    west, east, south, north = extent
    others = np.array([each for each in taken if not np.allclose(each, ring.mean(axis=0))])
    spots = [
        spot
        for spot in _around(ring, step)
        if west + step < spot[0] < east - step and south + step < spot[1] < north - step
    ] or [ring.mean(axis=0)]
    if not len(others):
        return spots[0]
    room = [min(np.linalg.norm(others - spot, axis=1).min(), 2.2 * step) for spot in spots]
    return spots[int(np.argmax(room))]


def _around(ring: Metres, step: float) -> Iterator[Metres]:
    """Places beside a ring: first to its upper right, then around it."""
    low, high = ring.min(axis=0), ring.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2 + 0.8 * step
    for direction in ((1, 1), (1, 0), (-1, 1), (0, 1), (1, -1), (-1, 0), (0, -1), (-1, -1)):
        yield middle + half * direction


def _degrees(value: float, sides: str) -> str:
    return f"{abs(round(value, 6)):g}° {sides[0] if value >= 0 else sides[1]}"
