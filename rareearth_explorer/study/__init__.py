"""Measurements on labelled patches: the paper's figures, and a comparison of scorers."""
