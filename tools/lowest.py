#!/usr/bin/env python3
"""Print the lowest version of each dependency that pyproject.toml allows, as constraints."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

EXTRAS = ("dask", "stac", "zarr")
"""Extras to include; Clay is left out, because torch is too large."""

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
requirements = [*project["dependencies"]]
for extra in EXTRAS:
    requirements += project["optional-dependencies"][extra]
for requirement in requirements:
    name, lowest = re.match(r"([\w.-]+)>=([\d.]+)", requirement).groups()
    print(f"{name}=={lowest}")
