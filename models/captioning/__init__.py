"""Captions of stretches of a recording: from the tables alone, or from a model that sees the pictures."""
