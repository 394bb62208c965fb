"""Fails while it is imported."""

message = "the cups are\nbroken"
raise RuntimeError(message)
