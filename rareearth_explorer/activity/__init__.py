"""Activity: how pixels, pools and patches vary over the dates of a stack of scenes."""

from rareearth_explorer.activity.deviation import Deviation, deviation_of, write_activity
from rareearth_explorer.activity.index import INDICES, Index
from rareearth_explorer.activity.normalisation import Normalisation, normalise
from rareearth_explorer.activity.patches import patch_activity, store_activity
from rareearth_explorer.activity.period import Period, find_period
from rareearth_explorer.activity.pools import Pools
from rareearth_explorer.activity.series import Series, series_at
from rareearth_explorer.activity.stack import Stack, open_stack, stack_of

__all__ = [
    "INDICES",
    "Deviation",
    "Index",
    "Normalisation",
    "Period",
    "Pools",
    "Series",
    "Stack",
    "deviation_of",
    "find_period",
    "normalise",
    "open_stack",
    "patch_activity",
    "series_at",
    "stack_of",
    "store_activity",
    "write_activity",
]
