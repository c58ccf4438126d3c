"""Recordings that never were, with values that are known."""
