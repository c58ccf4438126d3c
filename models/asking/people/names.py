"""What a question may name in a store of people: recordings, participants, persons, roles, labels, columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bitflow.events.language.definitions import Definitions
    from bitflow.store import FeatureStore

#: Roles that a question may speak of before anybody gave them, by how they are said.
ROLES: dict[str, tuple[str, ...]] = {
    "participant": ("participant", "patient", "interviewee", "respondent", "subject", "client"),
    "interviewer": ("interviewer", "therapist", "clinician", "examiner", "doctor", "experimenter", "moderator"),
    "child": ("child", "kid", "infant"),
    "parent": ("parent", "mother", "mum", "mom", "father", "dad", "caregiver"),
}


#: Recordings of a large store that are opened for their names.
MOST_LOOKED_AT = 50


@dataclass(frozen=True)
class PeopleNames:
    """Names that a question can use.

    Parameters
    ----------
    recordings
        Ids.
    participants
        Whose recordings they are, by participant; empty where nobody said.
    persons
        Numbers of the people of all recordings, as text.
    most
        People of the recording that has most of them.
    roles
        That somebody has in every recording.
    some_roles
        That somebody has in some recording.
    behaviours
        That bitflow finds, and the user's own.
    labels
        Labels of interval tables, by label the table.
    columns
        Numbers of tables, ``table.column``.
    measures
        Ids of measures.
    seconds
        Length of the only recording; None of several.
    cues
        Whether a recogniser looked for streams that disagree.
    """

    recordings: tuple[str, ...] = ()
    participants: dict[str, tuple[str, ...]] = field(default_factory=dict)
    persons: tuple[str, ...] = ("0",)
    most: int = 1
    roles: tuple[str, ...] = ()
    some_roles: tuple[str, ...] = ()
    behaviours: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    seconds: float | None = None
    cues: bool = False

    @property
    def one_person(self) -> bool:
        """Whether all recordings show one and the same person alone."""
        return self.most <= 1 and not self.several

    @property
    def several(self) -> bool:
        """Whether the recordings may be of several participants."""
        if self.participants:
            return len(self.participants) > 1
        return len(self.recordings) > 1


def people_names(store: FeatureStore, definitions: Definitions, recordings: Iterable[str] | None = None) -> PeopleNames:
    """Names of a store's recordings, of those named or of all, put together."""
    from bitflow.events.language.labels import label_tables
    from bitflow.events.language.people import PersonSubjects
    from bitflow.events.language.recognised import has_cues
    from bitflow.events.scene import Scene
    from bitflow.measures.registry import registered
    from bitflow.studies.design import Design

    wanted = list(recordings) if recordings else list(store)
    looked = wanted[:: max(1, len(wanted) // MOST_LOOKED_AT)]
    subjects = [PersonSubjects.of(Scene(store[name])) for name in looked]
    labels = label_tables(store[name] for name in looked)
    design = Design.of(store, wanted)
    participants: dict[str, tuple[str, ...]] = {}
    if "participant" in design.columns:
        for name, participant in zip(design.recordings, design.columns["participant"], strict=True):
            if participant:
                participants[str(participant)] = (*participants.get(str(participant), ()), name)
    roles = [frozenset(each.aliases) for each in subjects]
    own = [name for name, each in definitions.by_name.items() if each.source != "builtin"]
    found = [name for each in subjects for name in each.behaviours]
    return PeopleNames(
        tuple(wanted),
        participants,
        tuple(dict.fromkeys(who for each in subjects for who in each.actors)),
        max((len(each.actors) for each in subjects), default=0),
        tuple(sorted(frozenset.intersection(*roles))) if roles else (),
        tuple(sorted(frozenset().union(*roles))),
        tuple(dict.fromkeys((*own, *found))),
        labels,
        tuple(dict.fromkeys(column for each in subjects for column in each.columns)),
        tuple(registered()),
        subjects[0].samples / subjects[0].rate if len(wanted) == 1 else None,
        any(has_cues(store[name]) for name in looked),
    )
