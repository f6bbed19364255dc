"""The synthetic demo: the scene is drawn, then processed like any real scene."""

__all__ = ["prepare", "synthetic"]
