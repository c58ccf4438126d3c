"""The ways to adapt, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bitflow.models.adaptation.adapters import Adapter, SourceOnly
from bitflow.models.adaptation.alignment import Coral
from bitflow.models.adaptation.networks import Dann, MmdPenalty
from bitflow.models.adaptation.priors import PriorCorrection
from bitflow.models.adaptation.prototypes import Prototypes
from bitflow.models.adaptation.reweighting import MmdReweighting
from bitflow.models.adaptation.selection import SubjectSelection


@dataclass(frozen=True)
class Method:
    """An adapter, and what it works on.

    Parameters
    ----------
    personal
        Features after `ParticipantNorm`, in the place of features as they are.
    together
        All targets of a fold are one target: for networks, to which one person's few clips mean nothing.
    needs_torch
        Whether the extra `train` must be installed.
    """

    adapter: Adapter
    personal: bool = False
    together: bool = False
    needs_torch: bool = False


BASELINE = "source-only"

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        BASELINE: Method(SourceOnly()),
        "participant-norm": Method(SourceOnly(), personal=True),
        "participant-norm+prior": Method(PriorCorrection(), personal=True),
        "subject-selection": Method(SubjectSelection()),
        "coral": Method(Coral()),
        "mmd-reweighting": Method(MmdReweighting()),
        "prototypes": Method(Prototypes(), personal=True),
        "prior-correction": Method(PriorCorrection()),
        "mmd-penalty": Method(MmdPenalty(), together=True, needs_torch=True),
        "dann": Method(Dann(), together=True, needs_torch=True),
    }
)
