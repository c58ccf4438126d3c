"""Many recordings: what the user named, worker processes over it, and how far they are."""

from __future__ import annotations

from bitflow.cohort.inputs import Scan, scan
from bitflow.cohort.progress import Progress
from bitflow.cohort.run import Interrupted, Summary, extract

__all__ = ["Interrupted", "Progress", "Scan", "Summary", "extract", "scan"]
