"""The guide: the step of the hunt that comes next, lit, and said in one sentence."""

from __future__ import annotations

import html
from collections.abc import Sequence

import ipywidgets as w

from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.next_step import next_step
from rareearth_explorer.widgets.stages import Stages


class Guide:
    """Says what to do next above the tabs, and lights the tab where it is done.

    Parameters
    ----------
    session
        Tells how far the hunt is.
    tabs
        The tabs, to which a class such as `rareearth-next-2` is added.
    titles
        Names of the steps, in the order of the tabs.
    stages
        Decides when the guide is updated; new ones if None.
    """

    def __init__(
        self, session: Session, tabs: w.Tab, titles: Sequence[str], stages: Stages | None = None
    ) -> None:
        self.session = session
        self._tabs = tabs
        self._titles = list(titles)
        self._lit = ""
        self.widget = w.HTML(layout=w.Layout(flex="0 0 auto"))
        self.widget.add_class("rareearth-guide")
        (stages or Stages(session)).after(self._show, "state")
        self._show()

    def _show(self) -> None:
        step, sentence = next_step(self.session.state)
        number = self._titles.index(step) + 1
        lit = f"rareearth-next-{number}"
        if lit != self._lit:
            if self._lit:
                self._tabs.remove_class(self._lit)
            self._tabs.add_class(lit)
            self._lit = lit
        self.widget.value = f"<b>Next, {number} {step}:</b> {html.escape(sentence)}"
