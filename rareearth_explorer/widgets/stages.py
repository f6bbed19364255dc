"""Stages: which panels follow a change of the session at once, which wait, and for what.

The analyst must see the map at once. The other panels follow after it is painted, and a panel in
a tab follows only while its tab is in front. So the order in which panels are built matters to
nobody, and what is out of sight costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import traitlets as t

from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.tasks import Deferred

Update = Callable[[], None]


class Stages:
    """Brings panels up to date with a session.

    Without a running event loop, as in a script or a test, every stage follows at once.

    Parameters
    ----------
    session
        What is followed.
    front
        Title of the tab in front; None if every tab is, as where panels stand alone.
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
        """Call `update` at once when a trait of the session changes: for the map."""
        for trait in traits:
            self._now.setdefault(trait, []).append(update)

    def after(self, update: Update, *traits: str) -> None:
        """Call `update` once the map is painted, once for any number of changes until then."""
        for trait in traits:
            self._later.setdefault(trait, []).append(update)

    def in_front(
        self, tab: str, update: Update, *traits: str, unless: Callable[[], bool] = lambda: False
    ) -> None:
        """Call `update` like `after`, but only while a tab is in front, or when it comes there.

        Parameters
        ----------
        tab
            Title of the tab.
        update
            What is called.
        *traits
            Names of traits of the session.
        unless
            Asked at each change: True if the update must not wait for the tab, because what it
            does is to be seen elsewhere.
        """
        self._tab[update], self._unless[update] = tab, unless
        self.after(update, *traits)

    @property
    def front(self) -> str | None:
        """Title of the tab in front; None if every tab is."""
        return self._front

    @front.setter
    def front(self, tab: str) -> None:
        self._front = tab
        if any(self._is_due(update) for update in self._waiting):
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
                self._draw()  # a panel that fails must not hold up the ones after it
                raise

    def _is_due(self, update: Update) -> bool:
        tab = self._tab.get(update)
        return tab is None or self._front in (None, tab) or self._unless[update]()
