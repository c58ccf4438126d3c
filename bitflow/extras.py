"""How a part of bitflow that is not installed is installed, for the messages that miss it."""

from __future__ import annotations


def to_install(extra: str) -> str:
    """What a user does to have an extra. The distribution is on no index, so it is installed from its checkout.

    >>> to_install("train")
    "install bitflow with its extra 'train', in a checkout: pip install '.[train]'"
    """
    return f"install bitflow with its extra '{extra}', in a checkout: pip install '.[{extra}]'"
