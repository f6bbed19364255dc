"""Run every benchmark of this folder: python tests/benchmarks."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
for module in sorted(FOLDER.glob("bench_*.py")):
    print(f"== {module.stem}", flush=True)
    importlib.import_module(module.stem).main()
