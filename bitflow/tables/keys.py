"""Columns that many tables begin with, declared once."""

from __future__ import annotations

from bitflow.tables.schema import Column

TIME = Column("time", "float64", "s", "presentation time on the media clock", nullable=False)
FRAME = Column("frame", "int64", "1", "number of the decoded frame", range=(0, None), nullable=False)
TRACK = Column(
    "track", "int32", "1", "continuous sighting; never changes once written", range=(-1, None), nullable=False
)

#: First columns of a table with one row a frame, and of one with one row a frame and track.
FRAME_KEYS = (FRAME, TIME)
TRACK_KEYS = (FRAME, TIME, TRACK)

#: First columns of every interval table: events, turns, words, segments, captions, predictions, annotations.
INTERVAL_KEYS = (
    Column("start", "float64", "s", "first instant, included", nullable=False),
    Column("end", "float64", "s", "last instant, not included", nullable=False),
    Column("name", "string", "", "what the interval is called"),
    Column("track", "int32", "1", "whose interval it is; -1 when nobody's", range=(-1, None)),
    Column("target", "int32", "1", "track of whom it is directed at; -1 when nobody", range=(-1, None)),
    Column("value", "float64", "1", "strength, where the interval has one"),
    Column("confidence", "float64", "1", "how sure the source is", range=(0, 1)),
    Column("source", "string", "", "program, model or annotator that said so"),
    Column("coverage", "float64", "1", "fraction of the interval in which the input was seen", range=(0, 1)),
)
