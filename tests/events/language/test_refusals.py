"""What cannot be carried out is refused by a typed error that says what to do; nothing is run, guessed or crashed."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from bitflow.events.language import refusals
from bitflow.events.language.definitions import read_definitions
from bitflow.events.language.refusals import Refusal
from bitflow.regions import Regions
from tests.events.language.made import animals, asked, square

STILL = np.zeros((20, 2))
HOME = Path(refusals.__file__).parent


@pytest.mark.parametrize(
    ("program", "kind", "hint"),
    [
        ("list speed > 5", "UnitMissing", "5px/s"),
        ("list speed > 5cm", "UnitMismatch", "cm/s"),
        ("list speed > 5cm/s", "MissingCalibration", "--cm-per-px"),
        ("list speed > 5furlongs", "UnitMismatch", ""),
        ("list sped > 5px/s", "UnknownName", "speed"),
        ("list chace", "UnknownName", "chase"),
        ("list speed(noze) > 5px/s", "UnknownName", "nose"),
        ("list speed > 5px/s by mouse9", "UnknownName", "mouse1"),
        ("list inside(centre, ROI9)", "NeedsRegion", "bitflow regions"),
        ("list span(left_ear, nose) > 1px", "NeedsKeypoint", "nose, neck"),
        ("list height > 1px", "NotMeasured", "elongation"),
        ("list head_pose.yaw > 1deg", "NotMeasured", ""),
        ("list segment(groom)", "NotMeasured", "bitflow segment"),
        ("list speed", "ShapeMismatch", "compare it"),
        ("list speed > 5px/s pairs directed", "ShapeMismatch", "dist"),
        ("matrix moving", "ShapeMismatch", ""),
        ("list exists_target(moving)", "ShapeMismatch", ""),
        ("list net_change(speed) > 1px/s", "ShapeMismatch", "filter"),
        ("list moving(actor=mouse1, target=mouse2)", "ShapeMismatch", ""),
        ("list dist in 5px..2px", "EmptyWindow", "2px..5px"),
        ("list moving for >=2s for <=1s", "EmptyWindow", ""),
        ("list moving in 90s..99s", "EmptyWindow", ""),
        ("list moving in 2s..1s", "EmptyWindow", ""),
        ("list smooth(speed, mean, 1h) > 1px/s", "TooLarge", ""),
        ("list moving at_least 3", "NeedsTwoAnimals", ""),
        ("define a = b; define b = a; list a", "Malformed", ""),
        ("list speed >", "Malformed", ""),
        ("list enter()", "Malformed", "enter("),
        ("dance", "UnknownName", ""),
        ("", "Malformed", "list"),
        ("list closest < 40px)", "Malformed", ""),
        ("list speed > p101", "Malformed", ""),
    ],
)
def test_a_refusal_names_its_kind_and_what_would_do(program, kind, hint):
    with pytest.raises(Refusal) as refused:
        asked(program, animals(STILL, STILL))
    assert refused.value.code == kind
    assert hint in " ".join([refused.value.message, *refused.value.hints])
    assert set(refused.value.as_dict()) == {"type", "message", "hints"}


@pytest.mark.parametrize(
    "program",
    [
        "list speed > 5px/s and speed < 3px/s",
        "list speed > 5px/s and moving and speed <= 5px/s",
        "list x in 10px..20px and x > 30px",
        "list x == 3px and x < 3px",
        "list moving and not moving",
        "list closest < 1cm and closest > 20mm",
    ],
)
def test_what_can_never_hold_is_refused(program):
    with pytest.raises(refusals.EmptyWindow, match="nothing is both"):
        asked(program, animals(STILL, STILL, scale=0.1))


def test_bounds_that_leave_room_are_none_of_that():
    for program in ("list x >= 3px and x <= 3px", "list x > 3px and y < 2px", "list x > 1bl and x < 2px"):
        asked(program, animals(STILL, STILL))


def test_pairs_need_two_animals():
    for program in ("list chase", "count closest < 5px", "matrix contact"):
        with pytest.raises(refusals.NeedsTwoAnimals, match="only animal 'mouse1'"):
            asked(program, animals(STILL))


def test_an_unknown_region_names_the_nearest():
    with pytest.raises(refusals.UnknownName, match="open_arm"):
        asked("list inside(centre, open_arn)", animals(STILL, regions=Regions((square("open_arm", 0, 0, 9),))))


def test_a_refusal_points_at_its_place():
    with pytest.raises(Refusal) as refused:
        asked("list speed > 5px/s and sped < 3px/s", animals(STILL))
    first, last = refused.value.span
    assert "list speed > 5px/s and sped < 3px/s"[first:last] == "sped"


def test_a_day_is_not_written_out_instant_by_instant():
    still = np.zeros((350_000, 2))
    day = animals(still, still, still)
    with pytest.raises(refusals.TooLarge, match="at most 1000000"):
        asked("timeline speed", day)
    with pytest.raises(refusals.TooLarge) as refused:
        asked("trajectory nose", day)
    assert "in 0s..33333s" in refused.value.hints[0]
    assert len(asked("timeline speed in 5s..6s", day).rows[0]["values"]) == 10


def test_deep_long_and_growing_programs_are_refused():
    with pytest.raises(refusals.TooLarge):
        asked("list " + "(" * 5000 + "moving" + ")" * 5000, animals(STILL))
    with pytest.raises(refusals.TooLarge):
        asked("list " + " and ".join(["moving"] * 300), animals(STILL))
    with pytest.raises(refusals.TooLarge):
        asked("list " + "not " * 20 + "moving", animals(STILL))
    with pytest.raises(refusals.TooLarge):
        asked("list moving" + " " * 20_000, animals(STILL))
    doubling = "; ".join(f"define d{n + 1} = d{n} and d{n}" for n in range(11))
    with pytest.raises(refusals.TooLarge):
        asked(f"define d0 = moving; {doubling}; list d11", animals(STILL))


@pytest.mark.parametrize(
    "attack",
    [
        "__import__('os').system('true')",
        "list __class__",
        "list speed.__class__ > 1px/s",
        "list eval(1)",
        'list "__import__(\\"os\\")"',
        "list speed > 5px/s; import os",
        "list getattr(speed, x)",
        "list lambda: 0",
        "list ${HOME}",
        "list chase; DROP TABLE events",
        "list \x00",
        "list 9e999px < speed",
    ],
)
def test_code_is_no_program(attack):
    with pytest.raises(Refusal):
        asked(attack, animals(STILL, STILL))


def test_no_module_of_the_language_runs_what_it_reads():
    forbidden = {"eval", "exec", "compile", "__import__", "getattr_static", "import_module", "loads_pickle"}
    for path in HOME.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not called & forbidden, path
        assert not imported & {"pickle", "subprocess", "importlib", "ast", "code", "marshal"}, path


def test_a_broken_file_of_definitions_is_refused_by_line(tmp_path):
    file = tmp_path / "mine.events"
    file.write_text("# mine\ndefine quick = speed > 5px/s;\ndefine slow = sped < 1px/s;\n", encoding="utf-8")
    with pytest.raises(refusals.UnknownName, match=r"mine\.events, line 3: .*sped"):
        read_definitions(file)
    file.write_text("define quick = speed > 5px/s; list quick", encoding="utf-8")
    with pytest.raises(refusals.Malformed, match="no questions"):
        read_definitions(file)
    file.write_text("define quick = speed > 5px/s", encoding="utf-8")
    assert [each.source for each in read_definitions(file)] == ["user"]
