"""The hunt: what an analyst decides about a table, how it is scored, and how it is kept.

A verb of `Session` is a step (`steps`) from decisions to decisions (`decisions`); scores follow
from decisions (`state`); a `Workspace` keeps every verb on disk (`store`); panels and exports
derive what they show (`views`). Nothing here knows of widgets.
"""

from rareearth_explorer.hunt.decisions import Decisions, Round, Scoring, Sign, Templates, Verdict
from rareearth_explorer.hunt.session import Session
from rareearth_explorer.hunt.state import State
from rareearth_explorer.hunt.workspace import Workspace

__all__ = [
    "Decisions",
    "Round",
    "Scoring",
    "Session",
    "Sign",
    "State",
    "Templates",
    "Verdict",
    "Workspace",
]
