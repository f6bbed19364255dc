"""Scores from embeddings, and how good they are: pure computation on arrays."""

__all__ = ["contrast", "estimation", "evaluation", "scorers"]
