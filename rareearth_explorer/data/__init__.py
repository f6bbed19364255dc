"""What is read and written: scenes, patch grids, patch tables, labels, and files kept whole."""

__all__ = ["grid", "labels", "scene", "table"]
