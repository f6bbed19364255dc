"""Activity: the variation of pixels, pools and patches over the dates of a stack of scenes."""

from rareearth_explorer.change.activity_index import INDICES, Index
from rareearth_explorer.change.activity_run import ActivityReport, ActivityRun, open_activity
from rareearth_explorer.change.comparison import Comparison, find_session_of
from rareearth_explorer.change.deviation import Deviation, deviation_of, write_activity
from rareearth_explorer.change.normalisation import Normalisation, normalise
from rareearth_explorer.change.period import Period, find_period
from rareearth_explorer.change.pools_in_use import Pools
from rareearth_explorer.change.stack import Stack, open_stack, stack_of
from rareearth_explorer.change.table_activity import patch_activity, store_activity
from rareearth_explorer.change.time_series import Series, series_at

__all__ = [
    "INDICES",
    "ActivityReport",
    "ActivityRun",
    "Comparison",
    "Deviation",
    "Index",
    "Normalisation",
    "Period",
    "Pools",
    "Series",
    "Stack",
    "deviation_of",
    "find_period",
    "find_session_of",
    "normalise",
    "open_activity",
    "open_stack",
    "patch_activity",
    "series_at",
    "stack_of",
    "store_activity",
    "write_activity",
]
