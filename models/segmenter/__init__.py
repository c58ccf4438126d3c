"""Behaviour of animals segmented by a model that learned from labels: who does what, when, to whom."""
