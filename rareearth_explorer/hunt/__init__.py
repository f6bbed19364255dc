"""What the analyst can change: templates, rounds, threshold, selection; without any widget."""

from rareearth_explorer.hunt.scoring import Sign
from rareearth_explorer.hunt.session import Session
from rareearth_explorer.hunt.state import Round, State, Templates, Verdict

__all__ = ["Round", "Session", "Sign", "State", "Templates", "Verdict"]
