"""What is read and written: scenes, patch grids, patch tables, labels, and files kept whole."""
