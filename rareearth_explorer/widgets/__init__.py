"""Views of the session; each links to it and none calls another."""

__all__: list[str] = []  # all in here is private
