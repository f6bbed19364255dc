"""The identity of a patch table: a digest of its stored bytes, without any computed values.

Normalised embeddings and transformed coordinates change in their last bits with the build of
numpy or PROJ, so they identify nothing. Added columns, such as a projection, do not
change the identity.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


def table_identity(embeddings: npt.NDArray[np.float32], places: Iterable[bytes]) -> str:
    """Digest stored embeddings and places.

    Parameters
    ----------
    embeddings
        (N, D) as stored, in the order of the rows.
    places
        Stored place of each row, in the order of the rows: a geometry as WKB, or longitude and
        latitude as float64.

    Returns
    -------
    24 hexadecimal digits.
    """
    digest = hashlib.blake2b(digest_size=12)
    digest.update(f"{len(embeddings)} {embeddings.shape[1]} float32".encode())
    # Little-endian on every machine.
    digest.update(np.ascontiguousarray(embeddings, dtype="<f4").data)
    for place in places:
        digest.update(len(place).to_bytes(4, "little"))
        digest.update(place)
    return digest.hexdigest()


def polygon_places(corners: npt.NDArray[np.float64]) -> list[bytes]:
    """Footprints (N, 4, 2) as the WKB that our tables store."""
    import shapely

    return [*shapely.to_wkb(shapely.polygons(corners))]
