"""Which patches a ranking may be judged by, when some of them made it."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt


def spatial_blocks(places: npt.NDArray[np.float64], side: float) -> npt.NDArray[np.int64]:
    """Cut the ground into square blocks.

    Parameters
    ----------
    places
        (N, 2) centres of the patches in metres.
    side
        Of a block, in metres.

    Returns
    -------
    (N,) number of the block that each patch lies in, from 0.
    """
    cells = np.floor((places - places.min(axis=0)) / side)
    return np.unique(cells, axis=0, return_inverse=True)[1].astype(np.int64)


def scored_patches(
    patches: int,
    templates: Collection[int],
    *,
    include_templates: bool = False,
    blocks: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[np.bool_]:
    """Choose the patches that a ranking made from templates is judged by.

    A template ranks itself first, and its neighbours resemble it because they are near, so both
    flatter the ranking.

    Parameters
    ----------
    patches
        Number of patches, N.
    templates
        Row numbers of the templates.
    include_templates
        Whether to judge by every patch all the same, as the paper does.
    blocks
        (N,) block of each patch; blocks that hold a template are left out whole.

    Returns
    -------
    (N,) True for the patches to judge by.
    """
    if include_templates:
        return np.ones(patches, dtype=bool)
    rows = list(templates)
    if blocks is not None:
        return ~np.isin(blocks, blocks[rows])
    scored = np.ones(patches, dtype=bool)
    scored[rows] = False
    return scored
