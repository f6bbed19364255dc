"""The synthetic demo: the scene is drawn, then taken through the whole real path."""

__all__ = ["prepare", "synthetic"]
