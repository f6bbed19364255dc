"""Where the small GeoTIFFs and tables of the tests lie: PlanetScope's pixels near Pang War."""

from affine import Affine

UTM_47N = "EPSG:32647"
"""The zone of Pang War."""

THREE_METRES = Affine(3, 0, 430_000, 0, -3, 2_845_000)
"""PlanetScope's pixels, with the upper left corner near Pang War."""
