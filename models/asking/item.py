"""A piece of a question about one recording, and what it may mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Item:
    """A piece of a question and what it may mean: by kind its value. `text` is how it was written."""

    means: dict[str, Any] = field(hash=False)
    text: str

    def is_(self, *kinds: str) -> bool:
        """Whether it may be any of these."""
        return any(kind in self.means for kind in kinds)

    def __getitem__(self, kind: str) -> Any:
        return self.means[kind]
