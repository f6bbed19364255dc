"""Real chips in plain random features, the logarithm of mean responses; see scorers.md.

python docs/log_features.py ../shared/data/mining_chips/s2_rgb_48px_3300.npz
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rareearth_explorer.data.table.patch_table import unit_rows
from rareearth_explorer.embedding.encoders.random_features import KERNEL, draw_filters
from rareearth_explorer.study.candidates import CANDIDATES
from rareearth_explorer.study.draws import outcomes_of
from rareearth_explorer.study.labelled import Labelled
from rareearth_explorer.study.markdown import draws_table

COMPARED = (
    "cosine, positives alone",
    "Cosine Contrast",
    "Cosine Contrast, weight 1/4",
    "whitened cosine, positives alone",
    "whitened Cosine Contrast",
)

with np.load(sys.argv[1]) as file:
    chips, pools = file["x"].astype(np.float32), file["y"].astype(np.int64).ravel()
chips = ((chips - chips.mean(axis=(0, 1, 2))) / chips.std(axis=(0, 1, 2))).transpose(0, 3, 1, 2)
filters = draw_filters(chips.shape[1], seed=0)[0].astype(np.float32)
rows = []
for chip in chips:
    windows = sliding_window_view(chip, (KERNEL, KERNEL), axis=(1, 2))[:, ::2, ::2]
    responses = filters @ windows.transpose(0, 3, 4, 1, 2).reshape(filters.shape[1], -1)
    signed = np.concatenate([responses, -responses])
    rows.append(np.log(signed.clip(min=0).mean(axis=1) + 1e-6))
data = Labelled("log features", unit_rows(np.array(rows, np.float32), sys.argv[1]), pools)
candidates = [c for c in CANDIDATES if c.title in COMPARED]
print(draws_table(list(outcomes_of(data, candidates, draws=40, counts=(1, 5, 20)))))  # noqa: T201 - a script
