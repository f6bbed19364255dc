"""Imagery from a STAC catalogue: searched, chosen by cloud, and fetched window by window."""

from rareearth_explorer.stac.fetching import Fetched, fetch
from rareearth_explorer.stac.request import Request

__all__ = ["Fetched", "Request", "fetch"]
