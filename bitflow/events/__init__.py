"""Behaviour in time, defined once: columns → signal → mask (true, false, unknown) → events.

>>> from bitflow.events import Signal
>>> import numpy as np
>>> openness = Signal(np.array([1.0, 1.0, 0.1, 0.1, 1.0, np.nan]), rate=10.0)
>>> closed = openness < 0.5
>>> [(round(e.start, 1), round(e.end, 1)) for e in closed.events(shortest=0.1)]
[(0.2, 0.4)]
"""

from bitflow.events.intervals import Events
from bitflow.events.mask import Mask
from bitflow.events.signal import Signal

__all__ = ["Events", "Mask", "Signal"]
