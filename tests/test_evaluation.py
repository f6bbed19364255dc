"""ROC against scikit-learn, an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from rareearth_explorer.evaluation import roc


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=60))
def test_agrees_with_scikit_learn_ties_included(patches):
    scores, truth = map(np.array, zip(*patches, strict=True))
    if truth.all() or not truth.any():
        with pytest.raises(ValueError, match="both"):
            roc(scores, truth)
        return
    curve = roc(scores, truth)
    fpr, tpr, _ = roc_curve(truth, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.fpr, fpr)
    np.testing.assert_allclose(curve.tpr, tpr)
    assert curve.auc == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)


def test_refuses_scores_that_are_not_there():
    with pytest.raises(ValueError, match="NaN"):
        roc([np.nan, 1.0], [True, False])
    with pytest.raises(ValueError, match="equally long"):
        roc([1.0], [True, False])
