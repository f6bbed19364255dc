"""The hunt: what an analyst decides about a patch table, the scores, and how both are saved.

A verb of `Session` is a step (`steps`) from decisions to new decisions (`decisions`); the decisions
give the scores (`state`); a `Workspace` saves every verb on disk (`store`); panels and exports show
views of the session (`views`). No module here imports widgets.
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
