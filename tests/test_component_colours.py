"""Pictures of tables without a scene: similar embeddings have similar colours."""

from __future__ import annotations

import numpy as np
import pytest

from rareearth_explorer.data.places import squares_around
from rareearth_explorer.data.scene.tiles import near_scene
from rareearth_explorer.data.table import ComponentColours, PatchTable

SIDE = 20


def table_at(lon: float, kinds: np.ndarray) -> PatchTable:
    """Make patches of 250 m in a square, of as many kinds of embeddings."""
    row, column = (each.ravel() for each in np.indices((SIDE, SIDE)))
    step = np.degrees(250 / 6_371_008.8)
    centres = np.stack([lon + column * step, -row * step], axis=-1)
    numbers = np.eye(8)[kinds.ravel()] + np.random.default_rng(1).normal(0, 0.01, (SIDE**2, 8))
    return PatchTable.from_arrays(numbers, squares_around(centres, 250))


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    across = (lon + 180) / 360
    down = 0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi)
    return z, int(across * 2**z), int(down * 2**z)


KINDS = np.indices((SIDE, SIDE))[1] // 5  # four stripes from west to east


def test_patches_of_a_kind_have_one_colour_and_others_another() -> None:
    colours = ComponentColours(table_at(98, KINDS)).colours.astype(int)
    means = np.array([colours[KINDS.ravel() == kind].mean(axis=0) for kind in range(4)])
    for kind in range(4):
        assert np.abs(colours[KINDS.ravel() == kind] - means[kind]).max() < 60
        others = np.delete(means, kind, axis=0)
        assert np.linalg.norm(others - means[kind], axis=1).min() > 100


@pytest.mark.parametrize("z", [8, 12, 15])
def test_a_tile_shows_each_patch_where_it_lies(z: int) -> None:
    table = table_at(98, KINDS)
    picture = ComponentColours(table)
    lon, lat = table.centroids[7 * SIDE + 13]
    at = tile_of(lon, lat, z)
    tile = picture.tile(*at)
    across = ((lon + 180) / 360 * 2**z - at[1]) * 256
    down = ((0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi)) * 2**z - at[2]) * 256
    found = tile[int(down), int(across)]
    assert found[3] == 255
    if z > 8:  # several patches share a pixel there
        assert found[:3].tolist() == picture.colours[7 * SIDE + 13].tolist()


def test_beside_the_patches_a_tile_is_clear() -> None:
    picture = ComponentColours(table_at(98, KINDS))
    assert not picture.tile(*tile_of(90, 0.5, 12)).any()
    tile = picture.tile(*tile_of(98, -0.001, 10))
    assert 0 < (tile[..., 3] > 0).mean() < 0.2


def test_across_the_antimeridian_both_sides_are_shown() -> None:
    picture = ComponentColours(table_at(179.98, KINDS))
    z, x, y = tile_of(-179.99, -0.005, 11)
    east = picture.tile(z, near_scene(x, z, picture.bounds), y)
    west = picture.tile(*tile_of(179.99, -0.005, 11))
    assert east[..., 3].any()
    assert west[..., 3].any()


def test_few_numbers_are_enough() -> None:
    numbers = np.random.default_rng(1).normal(size=(4, 2))
    corners = squares_around([[98 + k / 100, 0] for k in range(4)], 250)
    assert ComponentColours(PatchTable.from_arrays(numbers, corners)).colours.shape == (4, 3)
