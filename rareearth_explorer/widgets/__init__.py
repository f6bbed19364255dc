"""The panels: each observes the session, and none calls another."""

__all__: list[str] = []  # all in here is private
