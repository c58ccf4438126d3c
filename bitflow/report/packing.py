"""Numbers and texts as a page carries them: typed arrays, compressed, in JSON that cannot end its own script."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np

#: Stands for a missing value in whole numbers of 16 bits.
MISSING = -32768

#: Times travel as whole numbers of this many seconds.
TICK_S = 1e-4


def script_json(value: Any) -> str:
    """JSON for a ``<script type="application/json">``: nothing in it closes the script or opens a comment.

    >>> script_json("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def packed_integers(values: np.ndarray) -> dict[str, Any]:
    """Whole numbers ``(rows,)`` or ``(rows, width)`` of 16 or 32 bits for `unpack` in player.js.

    Differences from row to row, their bytes apart, compressed: faces at rest take a tenth of their numbers.
    """
    rows = values.reshape(len(values), -1)
    kind = rows.dtype
    changes = np.diff(rows, axis=0, prepend=np.zeros((1, rows.shape[1]), kind)).astype(kind)
    planes = changes.T.ravel().astype(kind.newbyteorder("<")).view(np.uint8).reshape(-1, kind.itemsize)
    content = gzip.compress(np.ascontiguousarray(planes.T).tobytes(), 6, mtime=0)
    return {
        "bytes": kind.itemsize,
        "rows": len(rows),
        "width": rows.shape[1],
        "data": base64.b64encode(content).decode(),
    }


def packed_times(times: np.ndarray) -> dict[str, Any]:
    """Times ``(rows,)`` s, to 0.1 ms."""
    return packed_integers(np.rint(np.asarray(times, float) / TICK_S).astype(np.int32))


def packed_values(values: np.ndarray) -> dict[str, Any]:
    """Numbers ``(rows,)`` as 65,000 steps between their smallest and largest."""
    known = np.isfinite(values)
    low = float(values[known].min()) if known.any() else 0.0
    high = float(values[known].max()) if known.any() else 0.0
    step = (high - low) / 65000 or 1.0
    whole = np.full(len(values), MISSING, np.int16)
    whole[known] = (np.rint((values[known] - low) / step) - 32500).astype(np.int16)
    return {**packed_integers(whole), "step": step, "origin": low + 32500 * step}
