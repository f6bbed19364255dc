"""The tabs of the desk: the steps of a hunt in their order, and the views of the analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ipywidgets as w

ANALYSIS = "Analysis"
"""Title of the tab that holds the views."""


class StepTabs:
    """Numbered tabs of the steps, and one with the views of the analysis.

    Parameters
    ----------
    steps, views
        Name of each step, and of each view, and what it shows; in order.
    opened
        Called with the name of the step or view that comes to the front.
    """

    def __init__(
        self,
        steps: Mapping[str, w.Widget],
        views: Mapping[str, w.Widget],
        opened: Callable[[str], None],
    ) -> None:
        self._steps, self._views = [*steps], [*views]
        self.analysis = w.Tab([*views.values()], titles=self._views)
        self.widget = w.Tab(
            [*steps.values(), self.analysis],
            titles=[*(f"{n} {step}" for n, step in enumerate(steps, 1)), ANALYSIS],
            layout=w.Layout(flex="1 1 0", min_height="0", width="100%"),
        )
        self.widget.add_class("rareearth-steps")
        for each in (self.widget, self.analysis):
            each.observe(lambda _: opened(self.front), "selected_index")

    @property
    def front(self) -> str:
        """Name of the step, or of the view of the analysis, that is in front."""
        step = self.widget.selected_index or 0
        if step < len(self._steps):
            return self._steps[step]
        return self._views[self.analysis.selected_index or 0]

    def turn_to(self, name: str) -> None:
        """Show a step, or a view of the analysis."""
        if name in self._steps:
            self.widget.selected_index = self._steps.index(name)
            return
        self.analysis.selected_index = self._views.index(name)
        self.widget.selected_index = len(self._steps)
