"""Imports point one way, and what is heavy is imported where it is used."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: From the top down: each room may import those after it, none of those before it.
ROOMS = ("cli", "models", "datasets", "annotations", "extractors", "core")

#: Names that say nothing about what a module holds.
NAMELESS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "core"}


def modules() -> dict[str, Path]:
    """Every module of bitflow by its dotted name."""
    found: dict[str, Path] = {}
    for room in ROOMS:
        folder, prefix = (ROOT / "bitflow", "bitflow") if room == "core" else (ROOT / room, f"bitflow.{room}")
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            if room == "core" and parts[0] in ROOMS:
                continue  # through a link: the room itself is walked too
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found[".".join((prefix, *parts))] = path
    return found


def room_of(module: str) -> str:
    part = module.split(".")[1] if "." in module else ""
    return part if part in ROOMS else "core"


def runtime_imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements but those that only type checkers see."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for rest in node.orelse:
                yield from runtime_imports(rest)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        else:
            yield from runtime_imports(node)


def imports_of(module: str, path: Path, known: set[str], *, top_level: bool = False) -> set[str]:
    """The modules of bitflow that a module imports: anywhere, or only those it loads when it is itself loaded."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes: Iterator[ast.stmt | ast.Import | ast.ImportFrom] = (
        (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
        if top_level
        else runtime_imports(tree)
    )
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
                source = ".".join([*package[: len(package) - node.level + 1], *filter(None, [source])])
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                found.add(inner if inner in known else source)
    return {name for name in found if name.split(".")[0] == "bitflow"} - {module}


def test_every_import_points_down():
    known = modules()
    for module, path in known.items():
        for target in imports_of(module, path, set(known)):
            assert ROOMS.index(room_of(target)) >= ROOMS.index(room_of(module)), (
                f"{module} imports {target}: {room_of(module)} stands below {room_of(target)}"
            )


def test_no_module_imports_a_room_by_its_top_level_name():
    # `import datasets` would be Hugging Face's, or nothing, once bitflow is installed.
    for module, path in modules().items():
        for node in runtime_imports(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""] * (not node.level)
            )
            for name in names:
                assert name.split(".")[0] not in ROOMS, f"{module} imports {name}, not bitflow.{name}"


def test_no_module_is_loaded_in_a_circle():
    known = modules()
    edges = {
        module: imports_of(module, path, set(known), top_level=True) & set(known) for module, path in known.items()
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " → ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for target in sorted(edges[module]):
                visit(target, (*trail, module))
            done.add(module)

    for module in edges:
        visit(module, ())


def test_the_five_rooms_are_no_packages_of_their_own():
    # A top-level package named `datasets` would hide Hugging Face's whenever the root is on the path.
    for room in ROOMS[:-1]:
        assert (ROOT / room).is_dir()
        assert not (ROOT / room / "__init__.py").exists()


def test_names_say_what_a_module_holds():
    for module in modules():
        assert not NAMELESS & set(module.split(".")), module


def loaded_after(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after running `code`."""
    script = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted({{n.split('.')[0] for n in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = {"av", "cv2", "h5py", "onnxruntime", "pandas", "plotly", "pyarrow", "scipy", "sklearn", "torch"}


def test_importing_bitflow_loads_nothing_heavy():
    assert not loaded_after("import bitflow") & (HEAVY | {"ai_edge_litert", "numpy", "pydantic", "typer"})


def test_everything_that_bitflow_offers_is_there():
    import bitflow

    for name in bitflow.__all__:
        assert getattr(bitflow, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = bitflow.nonsense


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom bitflow.cli.main import main\nsys.argv = ['bitflow', '--help']\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code"
    )
    assert not loaded_after(code) & HEAVY
