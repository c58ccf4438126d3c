"""Pages for people: what was measured, beside the pictures from which it was measured."""
