"""Labels: mapped pools as people have them, and the pool count of each patch."""

from rareearth_explorer.data.labels.label_reading import open_labels
from rareearth_explorer.data.labels.label_set import (
    Labels,
    PoolCount,
    count_pools,
    listed,
    pool_counts,
)

__all__ = ["Labels", "PoolCount", "count_pools", "listed", "open_labels", "pool_counts"]
