"""What the analyst can change: templates, rounds, threshold, selection; without any widget."""

from rareearth_explorer.session.scoring import Sign
from rareearth_explorer.session.session import Session
from rareearth_explorer.session.state import Round, State, Templates, Verdict

__all__ = ["Round", "Session", "Sign", "State", "Templates", "Verdict"]
