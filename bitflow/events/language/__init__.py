"""The event language: a closed, typed way to say which events are meant, in text or JSON.

A program is data: a tree of the nodes in `tree`, checked against a recording (`checking`) before a fixed table of
functions computes it (`evaluation`). Nothing in it is ever run as code.

>>> from bitflow.events.language import parse, text_of
>>> program = parse("list closest < 40 px and abs(head_angle) < 30° for >= 0.5s")
>>> text_of(program)
'list closest < 40px and abs(head_angle) < 30deg for >=0.5s'
"""

from bitflow.events.language.printing import text_of
from bitflow.events.language.spelling import from_json, to_json
from bitflow.events.language.text import parse

__all__ = ["from_json", "parse", "text_of", "to_json"]
