"""What panels and exports derive from a session: scales, layers, step changes, round summaries."""

__all__: list[str] = []  # all in here is private
