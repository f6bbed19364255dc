"""Embeddings in tables of any maker, as one array of float32; one decoder for all.

`find_embeddings` chooses the column, or the columns, and `decode_embeddings` turns them into
numbers. Patch tables and recipes for published embeddings read their numbers here.
"""

from rareearth_explorer.data.numbers.coding import Coding
from rareearth_explorer.data.numbers.embedding_columns import Embeddings, find_embeddings
from rareearth_explorer.data.numbers.number_decoding import decode_embeddings
from rareearth_explorer.data.numbers.number_types import BITS, NUMBER_TYPES, number_type

__all__ = [
    "BITS",
    "NUMBER_TYPES",
    "Coding",
    "Embeddings",
    "decode_embeddings",
    "find_embeddings",
    "number_type",
]
