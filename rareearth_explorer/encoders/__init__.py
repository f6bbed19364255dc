"""Encoders turn patches of imagery into embeddings."""
