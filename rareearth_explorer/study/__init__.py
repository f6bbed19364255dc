"""Measurements on labelled patches: the paper's figures, and a comparison of scorers."""

__all__ = ["evaluation_report", "evaluation_summary", "paper_figures", "reproduction"]
