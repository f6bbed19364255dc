"""Choice of the patches that evaluate a ranking, when some of them are its templates."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt


def spatial_blocks(places: npt.NDArray[np.float64], side: float) -> npt.NDArray[np.int64]:
    """Divide the ground into square blocks.

    Parameters
    ----------
    places
        (N, 2) centres of the patches in metres.
    side
        Side of a block in metres.

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
    """Choose the patches that evaluate a ranking made from templates.

    A template ranks itself first, and its neighbours resemble it because they are near. Both
    make the ranking look better than it is.

    Parameters
    ----------
    patches
        Number of patches, N.
    templates
        Row numbers of the templates.
    include_templates
        Whether to evaluate every patch, the templates included, as the paper does.
    blocks
        (N,) block of each patch; every block that holds a template is left out.

    Returns
    -------
    (N,) True for the patches to evaluate.
    """
    if include_templates:
        return np.ones(patches, dtype=bool)
    rows = list(templates)
    if blocks is not None:
        return ~np.isin(blocks, blocks[rows])
    scored = np.ones(patches, dtype=bool)
    scored[rows] = False
    return scored
