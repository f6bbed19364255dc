"""How a hunt is kept on disk: format, journal, lock, library, transfer, merge."""
