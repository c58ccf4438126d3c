"""Pages that are one file: they open from disk and load nothing."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.drafts import drafted

if TYPE_CHECKING:
    import numpy as np


def write_single_page(template: str, page: Path, **values: Any) -> Path:
    """Write the page that a template beside this module makes of values; text in it is escaped.

    Raises
    ------
    StoreError
        The page cannot be written.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    html = environment.get_template(template).render(**values)
    with drafted(page) as draft:
        # A lone surrogate in a file name has no UTF-8 form.
        draft.write_bytes(html.encode("utf-8", "replace"))
    return page


def jpeg_url(rgb: np.ndarray, quality: int) -> str:
    """A picture ``(height, width, 3)`` uint8 as a data URL, JPEG of a quality from 1 to 100."""
    import cv2

    _, jpeg = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode()}"
