"""Stages: which panels are updated at once after a change of the session, and which later.

The map is updated at once. The other panels are updated after the map is painted, and a panel in
a tab only while its tab is in front. So the order in which panels are built does not matter, and
hidden panels cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import traitlets as t

from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.tasks import Deferred

Update = Callable[[], None]


class Stages:
    """Updates panels when the session changes.

    Without a running event loop, as in a script or a test, all panels are updated at once.

    Parameters
    ----------
    session
        The session that is observed.
    front
        Title of the tab in front; None treats every tab as in front, as for a single panel.
    """

    def __init__(self, session: Session, front: str | None = None) -> None:
        self._front = front
        self._now: dict[str, list[Update]] = {}
        self._later: dict[str, list[Update]] = {}
        self._tab: dict[Update, str] = {}
        self._unless: dict[Update, Callable[[], bool]] = {}
        self._waiting: dict[Update, None] = {}
        self._draw = Deferred(self._run)
        session.observe(self._follow, t.All)

    def now(self, update: Update, *traits: str) -> None:
        """Call `update` at once when a trait of the session changes; for the map."""
        for trait in traits:
            self._now.setdefault(trait, []).append(update)

    def after(self, update: Update, *traits: str) -> None:
        """Call `update` after the map is painted, once for all changes until then."""
        for trait in traits:
            self._later.setdefault(trait, []).append(update)

    def in_front(
        self, tab: str, update: Update, *traits: str, unless: Callable[[], bool] = lambda: False
    ) -> None:
        """Call `update` like `after`, but only while a tab is in front, or when it comes to front.

        Parameters
        ----------
        tab
            Title of the tab.
        update
            The function to call.
        *traits
            Names of traits of the session.
        unless
            Called at each change; True if the update must not wait for the tab, because its
            effect is visible elsewhere.
        """
        self._tab[update], self._unless[update] = tab, unless
        self.after(update, *traits)

    @property
    def front(self) -> str | None:
        """Title of the tab in front; None treats every tab as in front."""
        return self._front

    @front.setter
    def front(self, tab: str) -> None:
        self._front = tab
        self._run()

    def _follow(self, change: t.Bunch) -> None:
        for update in self._now.get(change.name, ()):
            update()
        later = self._later.get(change.name)
        if later:
            self._waiting.update(dict.fromkeys(later))
            self._draw()

    def _run(self) -> None:
        for update in [*self._waiting]:
            if update not in self._waiting or not self._is_due(update):
                continue
            del self._waiting[update]
            try:
                update()
            except Exception:
                self._draw()  # a panel that fails must not block the panels after it
                raise

    def _is_due(self, update: Update) -> bool:
        tab = self._tab.get(update)
        return tab is None or self._front in (None, tab) or self._unless[update]()
