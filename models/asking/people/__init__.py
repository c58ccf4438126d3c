"""Questions about what people in a recording do and say, as programs of the event language."""

from bitflow.models.asking.people.names import PeopleNames, people_names
from bitflow.models.asking.people.understanding import people_in_words

__all__ = ["PeopleNames", "people_in_words", "people_names"]
