"""Scores from embeddings, and how good they are: pure computation on arrays."""
