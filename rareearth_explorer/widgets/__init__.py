"""Views of the session; each links to it and none calls another."""
