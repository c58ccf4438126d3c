"""Of whom a question speaks: pronouns, roles, numbers of persons."""

from __future__ import annotations

from collections.abc import Sequence

from bitflow.events.language.refusals import Ambiguous, UnknownName
from bitflow.models.asking.people.items import Item
from bitflow.models.asking.people.names import PeopleNames


def whom(items: Sequence[Item], names: PeopleNames, others: Sequence[str] = (), anybody: bool = False) -> str | None:
    """The role or number of the one that some items speak of; None for everybody, each for himself.

    Parameters
    ----------
    others
        Roles and numbers that the rest of the question speaks of: a pronoun does not mean these.
    anybody
        Whether `the person` may be whoever the rest is about: faces touched while the person is silent.

    Raises
    ------
    Ambiguous
        A pronoun could mean several people, or several are named.
    UnknownName
        Nobody has the role or number.
    """
    said = {_named(item, names) for item in items if item.is_("person", "role")}
    said.discard(None)
    if len(said) > 1:
        raise Ambiguous("two people are named", [f"ask for {each} alone" for each in sorted(map(str, said))])
    if said:
        return next(iter(said))
    pronouns = {item["pronoun"] for item in items if item.is_("pronoun")}
    if "any" in pronouns:
        return "any"
    if any(item.is_("pronoun") and item.text.lower() == "both" for item in items):
        raise Ambiguous("both: each for himself, or both at once?", ["of each", *_choices(names)])
    if "one" in pronouns:
        return _meant(names, others)
    nouns = [item.text.lower() for item in items if item.is_("noun")]
    if any(not each.endswith(("s", "men")) for each in nouns) and not (anybody and names.most > 1):
        if names.most > 1:
            raise Ambiguous("the person could be any of several people", _choices(names))
        return _meant(names, ())
    return None


def named(items: Sequence[Item], names: PeopleNames) -> list[str]:
    """Roles and numbers that are named."""
    found = (_named(item, names) for item in items if item.is_("person", "role"))
    return [each for each in found if each is not None]


def _named(item: Item, names: PeopleNames) -> str | None:
    if item.is_("person"):
        if item["person"] not in names.persons:
            raise UnknownName.of("person", item["person"], names.persons)
        return item["person"]
    role = item["role"]
    if role in names.some_roles:
        return role
    if names.most <= 1 and role == "participant":
        return _meant(names, ())  # the patient, in a recording of one person
    raise UnknownName(
        f"nobody is called {item.text!r}", [f"bitflow people STORE RECORDING --role 0={role}", *_choices(names)]
    )


def _meant(names: PeopleNames, others: Sequence[str]) -> str | None:
    """Whom a pronoun means: the only person, or the participant where only he is left."""
    if names.several:
        who = [*names.participants] or [*names.recordings]
        listed = [f"of {each}" for each in who[:8]]
        raise Ambiguous("he or she could be anybody of several recordings", [*listed, "--recording ID asks one"])
    if names.most <= 1:
        return None
    left = [role for role in names.roles if role not in others]
    if "participant" in left:
        return "participant"
    if others and len(left) == 1 and len(names.roles) == names.most:
        return left[0]
    raise Ambiguous("he or she could be any of several people", _choices(names))


def _choices(names: PeopleNames) -> list[str]:
    return [*names.some_roles] or [f"person {who}" for who in names.persons[:8]]
