"""The synthetic demo scene: a landscape with mines, drawn because no real imagery may be shared."""
