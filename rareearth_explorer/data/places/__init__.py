"""Places in files of any maker, as shapes in longitude and latitude; one decoder for all.

`decode_places` takes the columns of a table and returns shapely shapes in WGS 84, whatever the
columns are called and however they are encoded. Patch tables, labels and recipes for published
embeddings read their places here, so that they agree.
"""

from rareearth_explorer.data.places.angles import Angle, parse_angle, parse_degrees
from rareearth_explorer.data.places.column_names import bbox_columns, place_columns
from rareearth_explorer.data.places.degrees_on_earth import MAP_END, beyond_map
from rareearth_explorer.data.places.grid_text import mgrs_text
from rareearth_explorer.data.places.longitudes import (
    crosses_antimeridian,
    in_one_frame,
    near_frame,
    split_at_antimeridian,
    wrapped,
)
from rareearth_explorer.data.places.place_decoding import Places, decode_places
from rareearth_explorer.data.places.squares import squares_around

__all__ = [
    "MAP_END",
    "Angle",
    "Places",
    "bbox_columns",
    "beyond_map",
    "crosses_antimeridian",
    "decode_places",
    "in_one_frame",
    "mgrs_text",
    "near_frame",
    "parse_angle",
    "parse_degrees",
    "place_columns",
    "split_at_antimeridian",
    "squares_around",
    "wrapped",
]
