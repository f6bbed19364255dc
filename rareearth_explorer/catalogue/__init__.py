"""Imagery from a STAC catalogue: found, chosen by cloud, and fetched window by window."""

from rareearth_explorer.catalogue.fetching import Fetched, fetch
from rareearth_explorer.catalogue.request import Request

__all__ = ["Fetched", "Request", "fetch"]
