"""The session as a table with footprints, for notebooks and GIS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.grid import WGS84
from rareearth_explorer.data.places import split_at_antimeridian, wrapped
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.hunt.state import State

if TYPE_CHECKING:
    import geopandas as gpd


def geodataframe_of(
    table: PatchTable, state: State, pools: npt.NDArray[np.int64] | None
) -> gpd.GeoDataFrame:
    """Return a state as a table; `Session.to_geodataframe` documents the columns.

    Parameters
    ----------
    table
        The patches, N.
    state
        The decisions and scores.
    pools
        (N,) pool count of each patch; None without labels.
    """
    import geopandas as gpd
    import pandas as pd

    numbers = range(len(table))
    decisions = state.decisions
    texts: dict[str, Mapping[int, str]] = {
        "template": {p: sign for p, (sign, _) in decisions.templates.marked.items()},
        "verdict": decisions.verdicts,
        "note": decisions.notes,
    }
    lon, lat = wrapped(table.centroids[:, 0]), table.centroids[:, 1]
    # KML has no 64-bit integers, and 32 bits are enough.
    columns: dict[str, Any] = {
        "patch": np.arange(len(table), dtype=np.int32),
        "score": state.scores,
        "rank": state.ranks.astype(np.int32),
        "round": np.sum([r.active for r in decisions.rounds], axis=0, dtype=np.int32),
        "active": state.active,
        # Typed, so that a column without values is still text in every file format.
        **{
            name: pd.array([text.get(patch) for patch in numbers], dtype="string")
            for name, text in texts.items()
        },
        **({} if pools is None else {"pools": pools.astype(np.int32)}),
        **({} if table.activity is None else {"activity": table.activity}),
        "lon": lon,
        "lat": lat,
        **_carried(table),
    }
    frame = gpd.GeoDataFrame(columns, geometry=split_at_antimeridian(table.footprints), crs=WGS84)
    frame.attrs["score"] = state.score_name
    return frame


def _carried(table: PatchTable) -> dict[str, Any]:
    """Columns of others, so that patches join back to their source."""
    import pandas as pd
    import pyarrow as pa

    if table.carried is None:
        return {}
    # Whole numbers with missing ones stay whole.
    kinds = {
        pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(), pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(), pa.uint64(): pd.UInt64Dtype(),
        pa.bool_(): pd.BooleanDtype(), pa.string(): pd.StringDtype(),
    }  # fmt: skip
    frame = table.carried.to_pandas(types_mapper=kinds.get)
    return {str(name): frame[name].array for name in frame}
