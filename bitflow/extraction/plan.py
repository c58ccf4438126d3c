"""From what is asked to what must run: extractors found by name, their parameters set, their order settled."""

from __future__ import annotations

import logging
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from bitflow.errors import UsageError
from bitflow.extraction.protocol import STREAMS, Extractor, stream_of
from bitflow.inference.engine import Engine, engine_of

logger = logging.getLogger("bitflow")

#: Parameters under this name are no table's: they settle what runs the models.
_INFERENCE = "inference"

_FACE = ("frames", "faces", "face_landmarks", "face_actions", "head_pose", "gaze")

#: Tables asked for by name of a preset; ``full`` is all that is registered and can run.
PRESETS: dict[str, tuple[str, ...]] = {
    "face": _FACE,
    "clinical": (*_FACE, "people", "bodies", "hands", "voice", "speech", "words", "speakers"),
}


@dataclass(frozen=True)
class Request:
    """What to make of a recording, and with what; the same for every recording of a run.

    Parameters
    ----------
    tables
        Names of the tables asked for.
    parameters
        Values that differ from the extractors' defaults, by table and parameter.
    rate_hz
        Analyse at most this many frames a second; None for all.
    device
        ``cpu``, ``cuda`` or ``cuda:N``; what else settles how models run is below ``inference`` in `parameters`.
    threads
        Worker threads for one recording.
    overwrite
        Make tables again that are there already.
    """

    tables: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, Any]]
    rate_hz: float | None = None
    device: str = "cpu"
    threads: int = 1
    overwrite: bool = False

    @property
    def engine(self) -> Engine:
        """What runs the models, settled on this machine.

        Raises
        ------
        UsageError, DeviceError
            As `bitflow.inference.Engine.settle`.
        """
        return engine_of(self.device, self.parameters.get(_INFERENCE, {}))


@cache
def registered() -> dict[str, type[Extractor]]:
    """Extractors by name, from the entry points of `bitflow.extractors`.

    A plug-in that cannot be imported is left out with a warning that names its package.
    """
    found: dict[str, type[Extractor]] = {}
    for entry in sorted(entry_points(group="bitflow.extractors"), key=lambda entry: entry.name):
        try:
            found[entry.name] = entry.load()
        except Exception as error:
            package = entry.dist.name if entry.dist else entry.value
            logger.warning("extractor %r of package %s cannot be loaded: %s", entry.name, package, error)
    return found


def makers() -> dict[str, str]:
    """Name of the extractor that makes each table."""
    return {schema.name: name for name, kind in registered().items() for schema in kind.tables}


def make_request(
    *,
    extractors: Iterable[str] | None = None,
    preset: str | None = None,
    parameters: Mapping[str, Any] | Iterable[str] = (),
    rate_hz: float | None = None,
    device: str = "auto",
    threads: int = 1,
    overwrite: bool = False,
) -> Request:
    """Check what a user asks for and settle it.

    Parameters
    ----------
    extractors
        Names of tables or extractors; wins over `preset`.
    preset
        ``face``, ``clinical`` (the default) or ``full``.
    parameters
        ``table.parameter=value`` strings, or a mapping of ``table.parameter`` or table → parameter to values.

    Raises
    ------
    UsageError
        A name is unknown (the nearest one is offered) or a value has the wrong type.
    DeviceError
        The device cannot be had.
    """
    if rate_hz is not None and not rate_hz > 0:
        raise UsageError(f"rate must be above 0 Hz, {rate_hz:g} came")
    values = _settings(parameters)
    tables = _asked(extractors, preset, values)
    settled = engine_of(device, values.get(_INFERENCE, {})).device
    request = Request(tables, values, rate_hz, settled, threads, overwrite)
    configured(request)  # a wrong parameter is found here, before any recording is opened
    return request


def configured(request: Request) -> tuple[Extractor, ...]:
    """The extractors that the request needs, with its parameters, each after those whose tables it reads.

    What an extractor needs is added; what it can use is not. `people` comes with every table that has tracks.
    """
    made_by, kinds = makers(), registered()
    wanted: dict[str, None] = {}

    def add(name: str) -> None:
        if name in wanted:
            return
        for need in _with_parameters(kinds[name], request.parameters).needs:
            if need not in STREAMS:
                add(made_by[need])
        wanted[name] = None

    for table in request.tables:
        add(made_by[table])
    if "people" in kinds and any(
        schema.tracks not in (None, "animal") for name in wanted for schema in kinds[name].tables
    ):
        add("people")
    return tuple(_with_parameters(kinds[name], request.parameters) for name in _ordered(wanted, kinds, made_by))


def wanted_tables(request: Request) -> frozenset[str]:
    """Tables that the request makes: those asked for, those needed, and what their extractors make beside them."""
    extractors = configured(request)
    needed = {need for extractor in extractors for need in extractor.needs}
    return frozenset(
        schema.name
        for extractor in extractors
        for schema in extractor.tables
        if schema.name in request.tables
        or schema.name in needed
        or schema.name not in getattr(extractor, "on_request", ())
    )


def model_files(request: Request) -> tuple[str, ...]:
    """Asset ids of the model files that the request will open, so that they can be fetched before work begins."""
    wanted = wanted_tables(request)
    models = [model for extractor in configured(request) for model in extractor.resolve(wanted).models()]
    return tuple(dict.fromkeys(models))


def _ordered(wanted: Iterable[str], kinds: Mapping[str, type[Extractor]], made_by: Mapping[str, str]) -> list[str]:
    """Streams first, then tables after everything of this run that they need or can use."""
    names = list(wanted)
    ordered: list[str] = []
    visiting: set[str] = set()

    def place(name: str) -> None:
        if name in ordered:
            return
        if name in visiting:
            raise UsageError(f"extractor {name!r} reads its own table by way of others")
        visiting.add(name)
        for table in (*kinds[name].needs, *kinds[name].uses):
            source = made_by.get(table)
            if source in names and source != name:
                place(source)
        ordered.append(name)

    for name in sorted(names, key=lambda name: (stream_of(kinds[name]) is None, names.index(name))):  # type: ignore[arg-type]
        place(name)
    return ordered


def _asked(
    extractors: Iterable[str] | None, preset: str | None, values: Mapping[str, Mapping[str, Any]]
) -> tuple[str, ...]:
    made_by, kinds = makers(), registered()
    if extractors is None:
        chosen = preset or "clinical"
        if chosen == "full":  # but what needs a word of the user, a licence or a model, and got none
            waits = {name for name, kind in kinds.items() if _on_request_only(kind) and not values.get(name)}
            return tuple(table for table, maker in made_by.items() if maker not in waits)
        if chosen not in PRESETS:
            raise UsageError(f"unknown preset {chosen!r}: face, clinical or full")
        return tuple(table for table in PRESETS[chosen] if table in made_by)
    tables: list[str] = []
    for name in extractors:
        if name in made_by:
            tables.append(name)
        elif name in kinds:
            tables += [schema.name for schema in kinds[name].tables]
        else:
            raise UsageError(f"unknown extractor {name!r}{nearest(name, [*made_by, *kinds])}")
    if not tables:
        raise UsageError("no extractor was named")
    return tuple(dict.fromkeys(tables))


def _on_request_only(kind: type[Extractor]) -> bool:
    return {schema.name for schema in kind.tables} <= set(getattr(kind, "on_request", ()))


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` or the list of what there is, to end a message about an unknown name."""
    names = sorted(set(known))
    near = get_close_matches(name, names, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(names)}"


def _settings(parameters: Mapping[str, Any] | Iterable[str]) -> dict[str, dict[str, Any]]:
    """``table.parameter=value`` in any of its spellings, typed by the extractor's field."""
    pairs: list[tuple[str, Any]] = []
    if isinstance(parameters, Mapping):
        for key, value in parameters.items():
            nested = value.items() if isinstance(value, Mapping) else None
            pairs += [(f"{key}.{inner}", v) for inner, v in nested] if nested is not None else [(key, value)]
    else:
        for setting in parameters:
            key, sign, value = setting.partition("=")
            if not sign:
                raise UsageError(f"{setting!r}: write it as table.parameter=value, as in faces.max_people=1")
            pairs.append((key.strip(), value.strip()))
    settled: dict[str, dict[str, Any]] = {}
    for key, value in pairs:
        table, _, parameter = key.partition(".")
        settled.setdefault(table, {})[parameter] = _typed(table, parameter, value)
    return settled


def _typed(table: str, parameter: str, value: Any) -> Any:
    owned = _owned_fields(table)
    if parameter not in owned:
        if not owned:
            raise UsageError(f"{table} has no parameters")
        raise UsageError(f"{table} has no parameter {parameter!r}{nearest(parameter, owned)}")
    expected = owned[parameter]
    options = typing.get_args(expected) if isinstance(expected, types.UnionType) else (expected,)
    for option in options:
        converted = _converted(value, option)
        if converted is not None or option is type(None):
            return converted
    shown = " or ".join(
        " or ".join(map(str, typing.get_args(option)))
        if typing.get_origin(option) is typing.Literal
        else getattr(option, "__name__", str(option))
        for option in options
    )
    raise UsageError(f"{table}.{parameter}: {shown} expected, {value!r} came")


def _converted(value: Any, kind: Any) -> Any:
    """`value` as `kind`, or None when it is not one."""
    if typing.get_origin(kind) is typing.Literal:
        choices = typing.get_args(kind)
        return next((choice for choice in choices if str(choice) == str(value)), None)
    if kind is bool:
        spelled = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        return value if isinstance(value, bool) else spelled.get(str(value).lower())
    if kind is int and not isinstance(value, bool):
        try:
            return int(value) if not isinstance(value, float) or value.is_integer() else None
        except ValueError:
            return None
    if kind is float and not isinstance(value, bool):
        try:
            return float(value)
        except (TypeError, ValueError):
            return None
    if kind is str:
        return str(value)
    return None


def _owned_fields(table: str) -> dict[str, Any]:
    """Parameters that belong to `table`, with their types."""
    if table == _INFERENCE:
        return {name: kind for name, kind in typing.get_type_hints(Engine).items() if name != "device"}
    made_by = makers()
    if table not in made_by and table not in registered():
        raise UsageError(f"unknown table {table!r}{nearest(table, [*made_by, *registered(), _INFERENCE])}")
    kind: Any = registered()[made_by.get(table, table)]
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind) if field.metadata.get("table", kind.name) == table}


def _with_parameters(kind: Any, values: Mapping[str, Mapping[str, Any]]) -> Extractor:
    mine: Sequence[str] = (kind.name, *(schema.name for schema in kind.tables))
    changed = {parameter: value for owner in dict.fromkeys(mine) for parameter, value in values.get(owner, {}).items()}
    try:
        return replace(kind(), **changed)
    except ValueError as error:
        raise UsageError(f"{kind.name}: {error}") from error
