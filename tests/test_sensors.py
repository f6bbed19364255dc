import json
import math
from pathlib import Path

import pytest

from rareearth_explorer.embedding.encoders.known_sensors import find_sensor, sensors
from rareearth_explorer.errors import EncoderError

FOUR = ("blue", "green", "red", "nir")


@pytest.mark.parametrize("name", sensors())
def test_every_figure_is_plausible_and_has_a_source(name: str) -> None:
    sensor = sensors()[name]
    assert "metadata.yaml" in sensor.source
    assert 0.3 <= sensor.gsd <= 100
    for band in sensor.bands.values():
        assert 0.4 < band.wavelength < 2.5  # micrometres, not nanometres
        assert band.mean > 0
        assert band.std > 0


def test_planetscope_is_as_in_the_fixture() -> None:
    file = Path(__file__).parent / "data" / "clay_fixture" / "planetscope.json"
    published = json.loads(file.read_text())
    sensor = sensors()["planetscope-8"]
    assert list(sensor.bands) == published["band_order"]
    bands = sensor.bands.values()
    assert [band.wavelength for band in bands] == published["wavelength_um"]
    assert [band.mean for band in bands] == published["mean"]
    assert [band.std for band in bands] == published["std"]
    assert sensor.gsd == published["gsd"]


def test_four_bands_of_planetscope_are_four_of_its_eight() -> None:
    eight, four = sensors()["planetscope-8"], sensors()["planetscope-4"]
    assert dict(four.bands) == {role: eight.bands[role] for role in FOUR}


@pytest.mark.parametrize(
    ("roles", "gsd", "expected"),
    [
        (FOUR, 3, "planetscope-4"),
        (("red", "nir", "yellow"), 3, "planetscope-8"),
        (FOUR, 10, "sentinel-2"),
        (("red", "green", "blue", "nir"), 0.6, "naip"),
        (("blue", "green", "red", "nir", "swir16", "swir22"), 30, "landsat-l2"),
    ],
)
def test_a_sensor_is_found_by_its_bands_and_resolution(
    roles: tuple[str, ...], gsd: float, expected: str
) -> None:
    assert find_sensor(roles, gsd).name == expected


def test_a_named_sensor_is_taken_whatever_the_resolution() -> None:
    assert find_sensor(FOUR, 3, "naip").name == "naip"


def test_bands_are_selected_in_the_order_of_the_scene() -> None:
    wavelengths = [band.wavelength for band in sensors()["naip"].select(["nir", "blue"])]
    assert wavelengths == [0.842, 0.48]


def test_unknown_bands_and_sensors_are_named() -> None:
    with pytest.raises(EncoderError, match="No sensor has the bands b1, b2"):
        find_sensor(("b1", "b2"), 3)
    with pytest.raises(EncoderError, match="no sensor spot: choose one of planetscope-8"):
        find_sensor(FOUR, 3, "spot")
    with pytest.raises(EncoderError, match="band yellow is not known for naip"):
        sensors()["naip"].select(["red", "yellow"])


def test_the_nearest_resolution_is_told_in_proportion() -> None:
    halfway = math.sqrt(10 * 30)
    roles = ("blue", "green", "red", "nir", "swir16")
    assert find_sensor(roles, halfway * 0.99).name == "sentinel-2"
    assert find_sensor(roles, halfway * 1.01).name == "landsat-l2"
