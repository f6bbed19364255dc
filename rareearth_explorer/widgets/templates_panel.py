"""The templates panel: the templates with pictures; each can be muted and removed."""

from __future__ import annotations

import ipywidgets as w

from rareearth_explorer.data.rendering import encode_picture
from rareearth_explorer.data.scene import Scene, footprint_picture
from rareearth_explorer.errors import SceneError
from rareearth_explorer.hunt import Session, Sign
from rareearth_explorer.widgets.kit import button, toggle
from rareearth_explorer.widgets.stages import Stages

CHIP = 48
"""Side of a template's picture, pixels on the screen."""

MOST = 16
"""Most cards of each sign; a lasso can mark hundreds, and each card takes milliseconds."""


class TemplatesPanel:
    """One card for each template: its picture, its number, buttons to remove and to mute it.

    If there are many templates, only the last ones have cards. A click on the map removes the
    others.
    """

    def __init__(
        self, session: Session, scene: Scene | None = None, stages: Stages | None = None
    ) -> None:
        self.session = session
        self.scene = scene
        self._cards: dict[tuple[int, Sign], w.Box] = {}
        self.clear = button(
            "clear all",
            "Remove all templates; undo restores them",
            lambda: session.clear(),
            flex="0 0 auto",
        )
        self.heading = w.HTML(layout=w.Layout(flex="0 0 auto"))
        self.list = w.HBox(
            layout=w.Layout(overflow="auto hidden", flex="1 1 0", min_height=f"{CHIP + 34}px")
        )
        self.widget = w.HBox(
            [self.heading, self.list, self.clear],
            layout=w.Layout(align_items="center", flex="0 0 auto", width="100%"),
        )
        self.widget.add_class("rareearth-bar")
        # Creating the widgets of a card takes longer than scoring.
        (stages or Stages(session)).after(self._show, "state")
        self._show()

    def _show(self) -> None:
        templates = self.session.decisions.templates
        marked: list[tuple[int, Sign]] = [(p, "positive") for p in templates.positives[-MOST:]]
        marked += [(p, "negative") for p in templates.negatives[-MOST:]]
        for gone in self._cards.keys() - set(marked):
            card = self._cards.pop(gone)
            for part in (*card.children[-1].children, *card.children, card):
                part.close()
        for key in marked:
            if key not in self._cards:
                self._cards[key] = self._card(*key)
        for patch, sign in marked:
            muted = patch in self.session.decisions.muted
            self._cards[patch, sign].children[-1].children[-1].value = not muted
        self.list.children = tuple(self._cards[key] for key in marked)
        self.heading.value = (
            f"<b>Templates</b><br>{_count(templates.positives, 'positive')}<br>"
            f"{_count(templates.negatives, 'negative')}"
        )
        self.clear.disabled = not marked

    def _card(self, patch: int, sign: Sign) -> w.Box:
        symbol = "+" if sign == "positive" else "−"
        remove = button(
            f"{symbol} {patch} ✕",
            f"Remove {sign} template {patch}",
            lambda: self.session.unmark(patch),
            height="24px",
        )
        effect = toggle(
            "on",
            f"Mute template {patch}: it stays in the list and does not affect the scores",
            on=True,
            height="24px",
        )
        effect.observe(lambda change: self._mute(effect, patch, on=change.new), "value")
        picture = self._picture(patch)
        buttons = w.HBox([remove, effect])
        card = w.VBox(
            [*([picture] if picture else []), buttons],
            layout=w.Layout(align_items="center", flex="0 0 auto", overflow="hidden"),
        )
        card.add_class(f"rareearth-{sign}")
        return card

    def _mute(self, effect: w.ToggleButton, patch: int, *, on: bool) -> None:
        effect.description = "on" if on else "off"
        if on == (patch in self.session.decisions.muted):
            self.session.mute(patch, not on)

    def _picture(self, patch: int) -> w.Image | None:
        if self.scene is None:
            return None
        try:
            pixels = footprint_picture(self.scene, self.session.table.corners[patch], CHIP)
        except SceneError:
            return None
        if pixels is None:
            return None
        return w.Image(value=encode_picture(pixels), format="webp", width=CHIP, height=CHIP)


def _count(marked: tuple[int, ...], sign: Sign) -> str:
    """Count the templates of a sign, and tell how many have a card if not all do."""
    shown = f", last {MOST} shown" if len(marked) > MOST else ""
    return f"{len(marked):,} {sign}{shown}"
