"""Views of a session for panels and exports: tables, layers, step changes, round summaries."""

__all__: list[str] = []  # all in here is private
