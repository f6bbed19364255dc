"""How sessions are saved on disk: format, journal, lock, library, transfer, merge."""

__all__: list[str] = []  # all in here is private
