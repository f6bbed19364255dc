"""Imported by a process, it compiles UMAP, so that forks of the process need not."""

from __future__ import annotations

import os

import numpy as np

from rareearth_explorer.score.projection import umap_projection

# Threads of OpenMP, numba's first choice, do not outlive a fork.
os.environ["NUMBA_THREADING_LAYER"] = "workqueue"
umap_projection(np.eye(60, 16, dtype=np.float32) + 0.1)
