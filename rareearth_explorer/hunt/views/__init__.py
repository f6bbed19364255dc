"""What panels and exports derive from a session: scales, layers, step changes, round summaries."""
