"""Sets of patches, packed to one bit per patch, so that a round needs little memory and disk."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from rareearth_explorer.errors import SessionError

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PatchMask:
    """A set of patches of one table.

    Attributes
    ----------
    bits
        One bit for each patch, the first patch in the highest bit of the first byte.
    patches
        Number of patches of the table, N.
    """

    bits: bytes
    patches: int

    @classmethod
    def of(cls, mask: npt.ArrayLike) -> Self:
        """Pack an (N,) mask."""
        flags = np.asarray(mask, dtype=bool)
        return cls(np.packbits(flags).tobytes(), len(flags))

    @classmethod
    def of_all(cls, patches: int) -> Self:
        """Make the set of all `patches` patches."""
        return cls.of(np.ones(patches, dtype=bool))

    @property
    def flags(self) -> Mask:
        """(N,) True for the patches in the set; a new array at each call."""
        packed = np.frombuffer(self.bits, np.uint8)
        return np.unpackbits(packed, count=self.patches).view(np.bool_)

    def __len__(self) -> int:
        """Count the patches in the set."""
        return int.from_bytes(self.bits).bit_count()

    def text(self) -> str:
        """Write the set as text for a line of the journal: deflated, then base 85.

        For 28,757 patches it takes 4.6 kB at most, and 3 kB if a fifth of them are in the set.
        """
        return base64.b85encode(zlib.compress(self.bits, 9)).decode("ascii")

    @classmethod
    def from_text(cls, text: str, patches: int) -> Self:
        """Read what `text` wrote.

        Raises
        ------
        SessionError
            It is not a set of so many patches.
        """
        size = (patches + 7) // 8
        if isinstance(text, str) and len(text) > 2 * size + 100:  # far beyond what deflate adds
            raise SessionError(f"This text is not a set of {patches:,} patches.")
        unpacker = zlib.decompressobj()
        try:
            bits = unpacker.decompress(base64.b85decode(text), size + 1)
        except (ValueError, TypeError, AttributeError, binascii.Error, zlib.error) as error:
            raise SessionError("This text is not a set of patches.") from error
        beyond = int.from_bytes(bits[-1:]) & ((1 << (8 * size - patches)) - 1)
        if len(bits) != size or not unpacker.eof or beyond:
            raise SessionError(f"This text is not a set of {patches:,} patches.")
        return cls(bits, patches)
