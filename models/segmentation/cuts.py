"""A recording cut into pieces, animal after animal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.models.segmentation.changepoints import Pieces, piece_vectors, pieces_of

Array = NDArray[np.floating]

LEAST_SEEN = 0.5
"""Pieces of which less of the body was seen belong to no kind."""

UNSEEN = -1


@dataclass(frozen=True, eq=False)
class Cut:
    """Coordinates ``(n, A, d)``, the pieces of each animal, and of all pieces one below the other vectors, rows,
    whether enough was seen, and whether they begin in the first half."""

    coordinates: Array
    pieces: tuple[Pieces, ...]
    vectors: Array
    weights: Array
    seen: NDArray[np.bool_]
    early: NDArray[np.bool_]

    @classmethod
    def of(cls, coordinates: Array, seen: Array) -> Cut:
        """Cut coordinates ``(n, A, d)`` of animals of which the share ``(n, A)`` was seen."""
        animals = range(coordinates.shape[1])
        pieces = tuple(pieces_of(coordinates[:, who]) for who in animals)
        shares = [
            np.add.reduceat(seen[:, who].astype(float), pieces[who].edges[:-1]) / pieces[who].lengths for who in animals
        ]
        starts = np.concatenate([each.edges[:-1] for each in pieces])
        return cls(
            coordinates,
            pieces,
            np.concatenate([piece_vectors(coordinates[:, who], pieces[who]) for who in animals]),
            np.concatenate([each.lengths for each in pieces]).astype(float),
            np.concatenate(shares) >= LEAST_SEEN,
            starts < len(coordinates) / 2,
        )

    def painted(self, kind_of: Callable[[Array], NDArray[np.int64]]) -> NDArray[np.int64]:
        """The kind of each row's piece ``(n, A)``, `UNSEEN` where too little was seen."""
        kinds = np.where(self.seen, kind_of(self.vectors), UNSEEN)
        ends = np.cumsum([len(each) for each in self.pieces])
        return np.stack(
            [np.repeat(kinds[end - len(p) : end], p.lengths) for p, end in zip(self.pieces, ends, strict=True)], axis=1
        )
