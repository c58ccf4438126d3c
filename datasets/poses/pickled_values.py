"""Values in a pickle, read without unpickling: PyTables writes column names so.

The bytes are taken apart by `pickletools.genops`, which imports and calls nothing, and only opcodes that stand for
plain values are followed. Any other opcode means that the pickle would run code, and the file is refused.
"""

from __future__ import annotations

import pickletools
from typing import Any

from bitflow.errors import SchemaError, UnsafeFileError

#: Longest pickle that is looked at: names of some hundred thousand columns.
LONGEST = 64 << 20

_VALUES = frozenset(
    (
        *("INT", "LONG", "LONG1", "LONG4", "BININT", "BININT1", "BININT2", "FLOAT", "BINFLOAT"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING"),
        *("BINBYTES", "SHORT_BINBYTES"),
    )
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_PUTS = frozenset(("PUT", "BINPUT", "LONG_BINPUT"))
_GETS = frozenset(("GET", "BINGET", "LONG_BINGET"))
_MARK = object()


def pickled_values(packed: bytes, where: str) -> Any:
    """The lists, tuples, texts and numbers that a pickle holds.

    Parameters
    ----------
    where
        File and attribute, for messages.

    Raises
    ------
    UnsafeFileError
        An opcode does more than stand for a value.
    SchemaError
        It is no whole pickle.

    Examples
    --------
    >>> pickled_values(b"(lp0\\n(Vnose\\nVx\\ntp1\\na.", "example")
    [('nose', 'x')]
    """
    if len(packed) > LONGEST:
        raise SchemaError(f"{where}: a pickle of {len(packed)} bytes is no list of names")
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for opcode, argument, _ in pickletools.genops(packed):
            if opcode.name == "STOP":
                break
            _follow(opcode.name, argument, stack, memo, where)
    except UnsafeFileError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, UnicodeError, OverflowError) as error:
        raise SchemaError(f"{where}: is no whole pickle: {error}") from error
    if len(stack) != 1 or stack[0] is _MARK:
        raise SchemaError(f"{where}: is no whole pickle")
    return stack[0]


def _follow(name: str, argument: Any, stack: list[Any], memo: dict[int, Any], where: str) -> None:
    if name in _VALUES:
        stack.append(argument)
    elif name in _CONSTANTS:
        stack.append(_CONSTANTS[name])
    elif name == "EMPTY_LIST":
        stack.append([])
    elif name == "MARK":
        stack.append(_MARK)
    elif name == "LIST":
        stack.append(_marked(stack))
    elif name == "TUPLE":
        stack.append(tuple(_marked(stack)))
    elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
        size = int(name[-1])
        items = stack[-size:]
        if len(items) < size or _MARK in items:
            raise ValueError("a tuple of more than there is")
        del stack[-size:]
        stack.append(tuple(items))
    elif name == "APPEND":
        item = stack.pop()
        stack[-1].append(item)
    elif name == "APPENDS":
        items = _marked(stack)
        stack[-1].extend(items)
    elif name in _PUTS:
        memo[int(argument)] = stack[-1]
    elif name == "MEMOIZE":
        memo[len(memo)] = stack[-1]
    elif name in _GETS:
        stack.append(memo[int(argument)])
    elif name not in ("PROTO", "FRAME"):
        raise UnsafeFileError(
            f"{where}: holds a pickle that would run code (opcode {name}); it is not opened. Export the poses as CSV "
            "with the program that made them, or ask whoever sent the file"
        )


def _marked(stack: list[Any]) -> list[Any]:
    """What lies above the topmost mark, which goes too."""
    place = next(i for i in range(len(stack) - 1, -2, -1) if i < 0 or stack[i] is _MARK)
    if place < 0:
        raise ValueError("a list without a beginning")
    items = stack[place + 1 :]
    del stack[place:]
    return items
