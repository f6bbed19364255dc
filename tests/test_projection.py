"""Projections: principal components against scikit-learn, UMAP seeded and staying in place."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from rareearth_explorer.score import projection


@pytest.fixture(scope="module")
def clusters():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 20)) * 4
    rows = (centres[np.arange(120) % 3] + rng.normal(size=(120, 20))).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_principal_components_agree_with_scikit_learn(clusters):
    ours = projection.principal_components(clusters, 5)
    theirs = PCA(5).fit_transform(clusters)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-4)


def test_fewer_patches_than_components():
    rows = np.eye(3, dtype=np.float32)
    assert projection.principal_components(rows).shape == (3, 3)
    assert projection.umap_projection(rows).shape == (3, 2)
    initial = np.zeros((3, 2), np.float32)
    assert projection.refit(rows, initial) is initial


@pytest.mark.slow
def test_umap_is_seeded_and_keeps_clusters_apart(clusters):
    first = projection.umap_projection(clusters)
    np.testing.assert_array_equal(first, projection.umap_projection(clusters))
    centres = np.array([first[k::3].mean(axis=0) for k in range(3)])
    spread = max(first[k::3].std() for k in range(3))
    assert (
        min(np.linalg.norm(centres[a] - centres[b]) for a, b in ((0, 1), (0, 2), (1, 2))) > spread
    )


@pytest.mark.slow
def test_refit_stays_near_where_patches_were(clusters):
    initial = projection.umap_projection(clusters)
    again = projection.refit(clusters, initial)
    assert again.shape == initial.shape
    for axis in (0, 1):  # left stays left and above stays above
        assert np.corrcoef(initial[:, axis], again[:, axis])[0, 1] > 0.8
