"""Items of a question on their way into a study: each fills one slot, and what is left over was not understood."""

from __future__ import annotations

from dataclasses import dataclass, field

from bitflow.events.language.units import Quantity
from bitflow.models.asking.cohorts.reading import Reading
from bitflow.models.asking.cohorts.terms import Item, Terms
from bitflow.models.asking.windows import Window

VALUES = ("concept", "measure", "covariate")


@dataclass
class Slots:
    """The items of a question, and which of them the program stands for already."""

    reading: Reading
    terms: Terms
    items: list[Item]
    used: set[int] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The question in one spelling."""
        return self.reading.text.lower()

    @property
    def window(self) -> Window | None:
        """The stretch of time that is asked about."""
        return self.reading.window

    @property
    def bins(self) -> Quantity | None:
        """How long the stretches of a course are."""
        return self.reading.bins

    def left(self, *kinds: str) -> list[int]:
        """Places of the items of these kinds that stand for nothing yet."""
        return [n for n, item in enumerate(self.items) if item.kind in kinds and n not in self.used]

    def has(self, *kinds: str) -> bool:
        """Whether one of these kinds is left."""
        return bool(self.left(*kinds))

    def all(self, *kinds: str) -> list[Item]:
        """Items of these kinds, used or not."""
        return [item for item in self.items if item.kind in kinds]

    def is_kind(self, n: int, *kinds: str) -> bool:
        """Whether the item at that place, if there is one, is of these kinds."""
        return 0 <= n < len(self.items) and self.items[n].kind in kinds

    def use(self, *places: int) -> None:
        """These items are understood."""
        self.used.update(places)

    @property
    def verbs(self) -> set[str]:
        """Words for what is asked."""
        return {item.value for item in self.all("verb")}

    def values(self) -> list[int]:
        """Measures, behaviours and numbers of the participants' table that no condition has taken."""
        return [n for n in self.left(*VALUES) if self.is_number(self.items[n])]

    def is_number(self, item: Item) -> bool:
        """Whether an item is something that has a number for each recording or participant."""
        return item.kind in ("concept", "measure") or (item.kind == "covariate" and item.value in self.terms.numeric)

    def groupings(self) -> list[str]:
        """Covariates of words by which the question groups, in the order in which they are named."""
        found: list[str] = []
        for n in self.left("group", "session", "covariate"):
            item = self.items[n]
            if item.kind == "group":
                found.append(self.terms.grouping or "group")
            elif item.kind == "session":
                found.append(self.terms.session or "session")
            elif item.value in self.terms.levels:
                found.append(item.value)
        return list(dict.fromkeys(found))

    def levels(self) -> dict[str, list[str]]:
        """By covariate the values that are named, sessions apart."""
        found: dict[str, list[str]] = {}
        for item in self.all("level"):
            if item.value[0] != self.terms.session:
                found.setdefault(item.value[0], []).append(item.value[1])
        return {name: list(dict.fromkeys(values)) for name, values in found.items()}

    def contrasted(self) -> list[str]:
        """Covariates of which two values are named."""
        return [name for name, values in self.levels().items() if len(values) > 1 and name != "participant"]
