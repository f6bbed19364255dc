"""Files written whole or not at all, runs that resume, Cloud-Optimized GeoTIFFs, GDAL's memory."""

__all__: list[str] = []  # all in here is private
