"""Rare Earth Explorer: find mines in satellite imagery from one example."""

__version__ = "0.1.0"
