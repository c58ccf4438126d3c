"""Prebuilt measures: registered pure functions of signals and events, each with unit, minimum and citation.

>>> from bitflow.measures.registry import registered
>>> registered()["blink_rate_per_min"].unit
'1/min'
"""
