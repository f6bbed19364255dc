"""Kinds of Arrow columns: what their values are, whatever the width."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def is_list(kind: pa.DataType) -> bool:
    """Whether values are lists or tensors."""
    import pyarrow as pa
    import pyarrow.types as pat

    stored = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    kinds = (pat.is_list, pat.is_large_list, pat.is_fixed_size_list)
    return any(is_kind(stored) for is_kind in kinds)


def is_bytes(kind: pa.DataType) -> bool:
    """Whether values are bytes."""
    import pyarrow.types as pat

    kinds = (pat.is_binary, pat.is_large_binary, pat.is_fixed_size_binary)
    return any(is_kind(kind) for is_kind in kinds)
