"""The family of errors that bitflow raises for reasons a user can act on.

Each message says what was expected, what came, in which file, and what to do.
"""

from __future__ import annotations


class BitflowError(Exception):
    """Root of the family; the command line prints its message without a traceback."""


class UsageError(BitflowError):
    """A request that cannot be carried out as asked: unknown name, bad value, clashing options."""


class MediaError(BitflowError):
    """A file that cannot be decoded, or not to its end."""


class SchemaError(BitflowError):
    """A table that breaks its schema, or a schema that contradicts itself."""


class UnsafeFileError(SchemaError):
    """A file of strangers that would run code, or reach into other files, if it were opened as its format asks."""


class StoreError(BitflowError):
    """A feature store that cannot be opened, read or written."""


class AssetError(BitflowError):
    """A model or sample file that cannot be had, or whose bytes are not the pinned ones."""


class ModelError(BitflowError):
    """A recogniser on disk that is damaged, unknown, or made for other tables."""


class DeviceError(BitflowError):
    """A compute device that was asked for and is not there."""


class ExtractionError(BitflowError):
    """A recording from which nothing of what was asked can be made."""


class QueryError(BitflowError):
    """A question or program that is refused with a reason."""
