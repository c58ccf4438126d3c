"""The JSON that a model writes: a program cut into numbered steps, each of which may use earlier ones.

Strict servers take no schema that contains itself and none that is deep, and a program is a tree of any depth. So the
tree is written as a list: ``{"step": 2, "op": "not", "a": 1}`` is *not* what step 1 says. The last step is what is
asked. A form's properties are all written; an empty text, an empty list or 0 stands for what is not wanted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bitflow.events.language import from_json, to_json
from bitflow.events.language.checking import MOST_NODES
from bitflow.events.language.json_schema import json_schema
from bitflow.events.language.refusals import Malformed, TooLarge
from bitflow.events.language.spelling import argument_key
from bitflow.events.language.study import VERBS
from bitflow.events.language.study_json import study_schema
from bitflow.events.language.tree import Program
from bitflow.events.language.vocabulary import VOCABULARY
from bitflow.models.planning.names import Names
from bitflow.models.planning.short_forms import query_forms, step_forms, study_forms

#: Steps of a plan, values of a list in it, and letters of a text.
MOST_STEPS, MOST_LISTED, LONGEST = 20, 12, 80

#: What a model may say where no program answers.
REFUSALS = (
    *("MENTAL_STATE", "DIAGNOSIS", "DECEPTION", "IDENTITY", "SENSITIVE_TRAIT_INFERENCE", "CAUSAL"),
    *("PREDICTION_OF_PERSON", "POWER", "NOT_MEASURED", "AMBIGUOUS", "NOT_EXPRESSIBLE"),
)

#: What a step and a question look like, for who has to write one.
_WRITTEN = '{"step": 1, "event": …} or {"step": 1, "measure": …}'
_ASKED = '{"step": 2, "answer": "list", "events": 1}'

#: Properties that name steps.
_OF_STEPS = frozenset(
    {"a", "args", "mask", "first", "second", "events", "signals", "values", "where", "value"}
    | {
        argument_key(parameter.name)
        for entry in VOCABULARY.values()
        for parameter in entry.parameters
        if parameter.kind in ("signal", "body", "either")
    }
)

_OF_ANIMALS = frozenset({"part", "parts", "region", "animal"})

_STEP = {"type": "integer", "minimum": 1}
_NO_STEP = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string", "maxLength": LONGEST}
_QUANTITY = {"type": "string", "maxLength": 16}


# schema


def plan_schema(names: Names) -> dict[str, Any]:
    """The closed schema of plans over a store: only what is there can be named."""
    query = json_schema(names.definitions, *names.subjects)["$defs"]["query"]
    study = _flat_study(study_schema(names.measures, names.covariates, {}, {}))
    steps: list[dict[str, Any]] = []
    asks: list[dict[str, Any]] = []
    if names.measures or names.covariates:
        for key, known in (("measure", names.measures), ("coverage", names.measures), ("covariate", names.covariates)):
            if known:
                steps.append(_closed({key: {"enum": sorted(known)}}, (key,)))
        ops = study["properties"]["where"]["items"]["properties"]["op"]["enum"]
        compared = [op for op in ops if op not in ("in", "not_in")]
        steps.append(_closed({"value": _STEP, "op": {"enum": compared}, "bound": _QUANTITY}, ("value", "op", "bound")))
        if names.covariates:
            words = {"covariate": {"enum": sorted(names.covariates)}, "op": {"enum": ["in", "not_in"]}}
            listed = {"type": "array", "items": _TEXT, "minItems": 1}
            steps.append(_closed({**words, "words": listed}, ("covariate", "op", "words")))
        places = {"type": "array", "items": _STEP}
        asks += study_forms(_closed({**study["properties"], "values": places, "where": places}, study["required"]))
    if names.speaks_of_time:
        steps += steps_of_time(names)
        asks += query_forms(query)
    asks.append(_closed({"answer": {"const": "refuse"}, "code": {"enum": list(REFUSALS)}}, ("answer", "code")))
    forms = [*(form for each in steps for form in step_forms(each)), *asks]
    numbered = [_closed({"step": _STEP, **each["properties"]}, ("step", *each["required"])) for each in forms]
    kinds = {"anyOf": _by_shape([_flat(each) for each in numbered])}
    listed = {"type": "array", "items": kinds, "minItems": 1, "maxItems": MOST_STEPS}
    return _closed({"steps": listed}, ("steps",))


def _flat_study(study: Mapping[str, Any]) -> dict[str, Any]:
    """Without `table`, whose keys are objects: a plan's values are texts, numbers and steps."""
    properties = {key: each for key, each in study["properties"].items() if key != "sort"}
    answers = [verb for verb in properties["answer"]["enum"] if verb != "table"]
    return {**study, "properties": {**properties, "answer": {"enum": answers}}}


def _by_shape(forms: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Forms that differ in what they are called alone as one: servers follow all forms at once, token by token."""
    found: dict[str, dict[str, Any]] = {}
    for form in forms:
        called = next((key for key in ("answer", "op", "sig") if key in form["properties"]), "")
        shape = json.dumps([(key, None if key == called else each) for key, each in form["properties"].items()])
        if shape not in found:
            found[shape] = form
        elif called:
            known = found[shape]["properties"]
            names = dict.fromkeys((*known[called]["enum"], *form["properties"][called]["enum"]))
            found[shape] = _closed({**known, called: {"enum": [*names]}}, known)
    return [*found.values()]


def steps_of_time(names: Names) -> list[dict[str, Any]]:
    """Signals, statements and events of the language that can be of these recordings, with their names."""
    nodes = json_schema(names.definitions, *names.subjects)["$defs"]
    told = {"event": names.events, "column": tuple(names.columns), "measure": tuple(names.measures)}
    found = []
    for each in (*nodes["signal"]["anyOf"], *nodes["body"]["anyOf"]):
        properties = dict(each["properties"])
        name = next((properties[key].get("const") for key in ("sig", "op") if key in properties), None)
        if name in VOCABULARY and not _is_of(name, names.kind):
            continue
        if "event" in properties:
            if not told["event"]:
                continue
            properties["event"] = {"enum": sorted(told["event"])}
        if name in ("column", "measure") and not told[name]:
            continue
        if name in ("column", "measure"):
            properties["name" if name == "column" else "id"] = {"enum": sorted(told[name])}
        found.append(_closed(properties, each["required"]))
    return found


def _is_of(name: str, kind: str) -> bool:
    """Whether a signal or operator is of the people or the animals of a store."""
    entry = VOCABULARY[name]
    kinds = {parameter.kind for parameter in entry.parameters}
    if kind == "animal":
        return name not in ("column", "words", "missing")
    from_poses = "sig" if entry.gives in ("signal", "statement") and not kinds & {"signal", "body", "either"} else ""
    named = kinds & {"name", "choice", "time"} and not kinds & _OF_ANIMALS
    return not kinds & _OF_ANIMALS and (not from_poses or bool(named))


def _flat(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A closed object whose parts are numbers of steps, and in which everything must be there."""
    required = set(schema["required"])
    flat = {key: _property(key, each, key in required) for key, each in schema["properties"].items()}
    return _closed(flat, flat)


def _property(key: str, schema: Mapping[str, Any], required: bool) -> dict[str, Any]:
    if "const" in schema:
        return {"enum": [schema["const"]]}
    if "enum" in schema:
        return {"enum": list(schema["enum"]) + ([] if required else [""])}
    if "$ref" in schema:
        where = schema["$ref"].rpartition("/")[2]
        return _QUANTITY if where in ("quantity", "threshold") else _STEP if required else _NO_STEP
    if "anyOf" in schema:  # a signal or a statement; an edge of time
        is_edge = any(each.get("type") == "null" for each in schema["anyOf"])
        return _QUANTITY if is_edge else _STEP if required else _NO_STEP
    kind = schema.get("type")
    if kind == "array":
        most = min(MOST_LISTED, schema.get("maxItems", MOST_LISTED))
        listed = {"type": "array", "items": _property(key, schema["items"], True), "maxItems": most}
        return {**listed, "minItems": schema["minItems"]} if required and "minItems" in schema else listed
    if kind == "string":
        return _TEXT
    if kind == "integer":
        return {"type": "integer", "minimum": 1 if required else 0}
    return {name: value for name, value in schema.items() if name in ("type", "minimum", "maximum")}


def _closed(properties: Mapping[str, Any], required: Iterable[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


# in


def program_of(plan: Mapping[str, Any]) -> Program:
    """The program that a plan means.

    Raises
    ------
    Refusal
        It means none: a step that is not there, a key or value that the language does not have, too many nodes.
    """
    steps = plan.get("steps")
    if not isinstance(steps, list) or not steps or set(plan) - {"steps"}:
        raise Malformed("a plan is an object of `steps`, a list whose last step is what is asked")
    if len(steps) > MOST_STEPS:
        raise TooLarge(f"a plan of {len(steps)} steps; at most {MOST_STEPS}")
    done: dict[int, tuple[dict[str, Any], int]] = {}
    used: set[int] = set()
    number = 0
    for place, step in enumerate(steps, 1):
        if not isinstance(step, Mapping):
            raise Malformed(f"step {place} is an object")
        number = step.get("step", place)
        if type(number) is not int or number in done:
            raise Malformed(f"steps are numbered 1, 2, 3 …; step {place} says {str(number)[:20]!r}")
        done[number] = _built({key: each for key, each in step.items() if key != "step"}, done, used)
    described, _ = done[number]
    if "answer" not in described:
        raise Malformed(f"step {number} is the last: what is asked, such as {_ASKED}, comes after it")
    if lost := sorted(done.keys() - used - {number}):
        raise Malformed(
            f"step {lost[0]} is named by nothing: write its number where a later step needs it (`where`, `values`, "
            "`events`, `a`), or leave it out"
        )
    if described.get("answer") in VERBS:
        described = _study(described)
    elif any("value" in each or "measure" in each for each in _parts(described)):
        raise Malformed("what is asked within a recording is of events and signals, not of measures and covariates")
    return from_json({"v": 1, **described})


def _built(
    node: Mapping[str, Any], done: Mapping[int, tuple[dict[str, Any], int]], used: set[int]
) -> tuple[dict[str, Any], int]:
    """A node with the steps that it uses put in, and how many nodes it is then made of; adds to `used`."""
    found: dict[str, Any] = {}
    size = 1

    def step(number: int) -> dict[str, Any]:
        nonlocal size
        if number not in done:
            there = ", ".join(map(str, sorted(done))) or "none"
            raise Malformed(
                f"step {number} is named and not written before; there is {there}. First write it, such as {_WRITTEN}, "
                "and then name it"
            )
        used.add(number)
        part, nodes = done[number]
        size += nodes
        if size > MOST_NODES:
            raise TooLarge(f"a program of more than {MOST_NODES} nodes")
        return part

    for key, value in node.items():
        if value is None or value == "" or value == [] or (value == 0 and not isinstance(value, bool)):
            continue
        if key == "time" and isinstance(value, list):
            if any(edge not in ("", None) for edge in value):
                found[key] = [None if edge in ("", None) else edge for edge in value]
        elif type(value) is int and key in _OF_STEPS:
            found[key] = step(value)
        elif isinstance(value, list) and key in _OF_STEPS and all(type(each) is int for each in value):
            found[key] = [step(each) for each in value]
        elif key == "b" and isinstance(value, str) and value.startswith("#") and value[1:].isdigit():
            found[key] = step(int(value[1:]))
        else:
            found[key] = value
    return found, size


def _study(described: dict[str, Any]) -> dict[str, Any]:
    """A study's values and conditions as its JSON spells them."""
    made = dict(described)
    for key, spelled in (("values", _value), ("where", _condition)):
        if key in made:
            made[key] = [spelled(each) for each in _listed(made[key], key)]
    return made


def _value(node: Any) -> Any:
    if not isinstance(node, Mapping) or not {"measure", "coverage", "covariate", "answer"} & set(node):
        raise Malformed(
            "a value is a step with `measure`, `coverage` or `covariate`, or one with an `answer` in each recording"
        )
    if "answer" not in node and len(node) > 1:
        raise Malformed(
            "a value is a step with `measure`, `coverage` or `covariate` alone; a condition goes into `where`"
        )
    return {"query": node} if "answer" in node else node


def _condition(node: Any) -> Any:
    if not isinstance(node, Mapping):
        raise Malformed("a condition is a step with `value`, `op` and `bound`, or `covariate`, `op` and `words`")
    if "covariate" in node and "op" in node:
        rest = {key: each for key, each in node.items() if key != "covariate"}
        return {"value": {"covariate": node["covariate"]}, **rest}
    return {**node, "value": _value(node["value"])} if "value" in node else dict(node)


def _listed(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed(f"{key} is a list of steps")
    return value


def _parts(node: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for value in node.values():
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, Mapping):
                yield each


def refusal_in(plan: Any) -> str:
    """The code with which a plan refuses; "" where it does not."""
    steps = plan.get("steps") if isinstance(plan, Mapping) else None
    last = steps[-1] if isinstance(steps, list) and steps else None
    if not isinstance(last, Mapping) or last.get("answer") != "refuse":
        return ""
    return str(last["code"]) if last.get("code") in REFUSALS else ""


# out


def plan_of(program: Program) -> dict[str, Any]:
    """The plan that means a program of one question, without what is not wanted: `program_of` reads it back."""
    steps: list[dict[str, Any]] = []
    asked = _cut({key: each for key, each in to_json(program).items() if key != "v"}, steps)
    return {"steps": [*steps, {"step": len(steps) + 1, **asked}]}


def _cut(node: Mapping[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    """A node with its parts made steps of their own."""
    made: dict[str, Any] = {}
    for key, value in node.items():
        if key == "query":
            return _cut(value, steps)
        if key == "value" and "covariate" in value and "words" in node:
            made |= value
        elif isinstance(value, Mapping):
            number = _numbered(_cut(value, steps), steps)
            made[key] = f"#{number}" if key == "b" else number
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            made[key] = [_numbered(_cut(each, steps), steps) for each in value]
        elif key == "time":
            made[key] = ["" if edge is None else edge for edge in value]
        else:
            made[key] = value
    return made


def _numbered(node: dict[str, Any], steps: list[dict[str, Any]]) -> int:
    """Where a node stands among the steps; equal ones stand there once."""
    spelled = json.dumps(node, sort_keys=True)
    for each in steps:
        if json.dumps({key: value for key, value in each.items() if key != "step"}, sort_keys=True) == spelled:
            return each["step"]
    steps.append({"step": len(steps) + 1, **node})
    return len(steps)
