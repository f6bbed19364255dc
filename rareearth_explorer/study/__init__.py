"""What can be measured on labelled patches: the paper's figures, and which scorer to use."""

__all__ = ["evaluation_report", "evaluation_summary", "paper_figures", "reproduction"]
