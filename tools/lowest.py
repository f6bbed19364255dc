#!/usr/bin/env python3
"""Print the lowest version of each dependency that pyproject.toml allows, as constraints."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

EXTRAS = ("dask", "stac")
"""Besides what is always needed; Clay is left out, as torch is too large for this."""

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
wanted = [*project["dependencies"]]
for extra in EXTRAS:
    wanted += project["optional-dependencies"][extra]
for requirement in wanted:
    name, lowest = re.match(r"([\w.-]+)>=([\d.]+)", requirement).groups()
    print(f"{name}=={lowest}")
