"""What is said, word by word, and who says it: one pass over the sound makes `speech`, `words` and `speakers`."""

from __future__ import annotations

from bitflow.extractors.speech.extractor import Speech

__all__ = ["Speech"]
