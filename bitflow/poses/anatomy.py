"""Which keypoint is the nose, the neck, the tail base: roles, found by the names that trackers use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bitflow.errors import UsageError

#: Names of each role with case, spaces and underscores taken out, the usual one first.
ROLES: dict[str, tuple[str, ...]] = {
    "nose": ("nose", "snout", "nosetip", "tipnose", "nosepoint"),
    "neck": ("neck", "baseneck", "neckbase", "nape", "headbase", "basehead", "neckend", "spine1"),
    "tail_base": (
        *("tailbase", "basetail", "tailroot", "tailstart", "tailset", "proximaltail", "tailproximal"),
        *("buttproximaltail", "butt", "rump", "tail"),
    ),
    "centre": (
        *("center", "centre", "centerspine", "mousecenter", "centerback", "centreback", "bodycenter", "bodycentre"),
        *("midback", "spinemid", "midspine", "centroid", "body"),
    ),
    "left_ear": ("leftear", "earleft", "lear", "earl"),
    "right_ear": ("rightear", "earright", "rear", "earr"),
}


@dataclass(frozen=True)
class Anatomy:
    """Numbers of the keypoints that have a role; None where the animal has no such point.

    Parameters
    ----------
    trunk
        Points of the body without the tail beyond its base: what a centre or an area is made of.
    tail
        Points of the tail beyond its base.

    Examples
    --------
    >>> mouse = Anatomy.of(["NOSE", "LEFT_EAR", "BASE_NECK", "BASE_TAIL", "TIP_TAIL"])
    >>> mouse.nose, mouse.neck, mouse.tail_base, mouse.right_ear, mouse.trunk, mouse.tail
    (0, 2, 3, None, (0, 1, 2, 3), (4,))
    """

    nose: int | None
    neck: int | None
    tail_base: int | None
    centre: int | None
    left_ear: int | None
    right_ear: int | None
    trunk: tuple[int, ...]
    tail: tuple[int, ...]

    @classmethod
    def of(cls, keypoints: Sequence[str]) -> Anatomy:
        """Roles by name."""
        folded = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in keypoints]
        roles = {role: _first(folded, names) for role, names in ROLES.items()}
        base = roles["tail_base"]
        tail = tuple(i for i, name in enumerate(folded) if "tail" in name and i != base)
        trunk = tuple(i for i in range(len(folded)) if i not in tail)
        return cls(**roles, trunk=trunk, tail=tail)

    def number(self, role: str, keypoints: Sequence[str]) -> int:
        """Number of the keypoint in a role.

        Raises
        ------
        UsageError
            No keypoint has it; the message says which names would.
        """
        place = getattr(self, role) if role in ROLES else None
        if place is None:
            names = ", ".join(ROLES.get(role, (role,))[:3])
            raise UsageError(
                f"no keypoint is the {role.replace('_', ' ')} (one called {names} would be); there are "
                f"{', '.join(keypoints)}"
            )
        return place


def _first(folded: list[str], names: tuple[str, ...]) -> int | None:
    return next((folded.index(name) for name in names if name in folded), None)
