"""The house rules, read from the source: who may import whom, sizes, docstrings, one home for each heavy library."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "floodsim"

FLOORS = {
    "names": 0, "errors": 0, "memory": 0,
    "case": 1, "kernels": 1,
    "grid": 2,
    "forcing": 3,
    "surface": 4, "drainage": 4, "output": 4,
    "simulate": 5,
    "assess": 6,
    "study": 7,
    "report": 8, "api": 8, "validation": 8, "measures": 8,
    "cli": 9, "cli_capacity": 9, "cli_measures": 9, "cli_network": 9, "cli_options": 9, "cli_progress": 9,
    "cli_report": 9, "cli_results": 9, "cli_show": 9, "cli_storm": 9, "cli_study": 9, "cli_study_progress": 9,
    "cli_validate": 9, "bmi": 9, "__main__": 9,
    "__init__": 9,
}  # fmt: skip
COMMAND_LINE = {
    "cli", "cli_capacity", "cli_measures", "cli_network", "cli_options", "cli_progress", "cli_report", "cli_results",
    "cli_show", "cli_storm", "cli_study", "cli_study_progress", "cli_validate", "__main__",
}  # fmt: skip
LONE_HOMES = {
    "numba": {"kernels"},
    "pydantic": {"case"},
    "click": {"cli", "cli_capacity", "cli_measures", "cli_options", "cli_report", "cli_study", "cli_validate"},
    "rich": {"cli_progress", "cli_show", "cli_study_progress"},
}
HEAVY = {
    "rasterio", "geopandas", "pyogrio", "shapely", "pyproj", "matplotlib", "pandas", "scipy", "dask", "jinja2",
    "openpyxl",
}  # fmt: skip
MAY_READ_ENVIRONMENT = {"cli.py", "api.py"}
MAX_FILE, MAX_FUNCTION, MAX_KERNEL = 400, 60, 80

FILES = sorted(PACKAGE.rglob("*.py"))
EVERY_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def part_of(path: Path) -> str:
    """The package or top-level module a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, at the top or inside functions, type-checking blocks included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            if module == "floodsim":
                yield from ((node.lineno, f"floodsim.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module
        elif is_import_call(node):
            yield node.lineno, node.args[0].value


def is_import_call(node: ast.AST) -> bool:
    """Whether a node is ``importlib.import_module("name")`` or ``need("name", ...)``, which imports of an extra."""
    if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in {"import_module", "__import__", "need"} and isinstance(node.args[0].value, str)


def upward_imports(part: str, tree: ast.AST) -> list[str]:
    """Imports of ``tree``, a file of ``part``, that go up, sideways to a neighbour of the same floor, or nowhere."""
    wrong = []
    for line, name in imports(tree):
        if name.startswith("."):
            wrong.append(f"{line}: relative import {name}")
        if name.split(".")[0] != "floodsim":
            continue
        target = (name.split(".") + [""])[1]
        if target not in FLOORS:
            continue  # a name defined in floodsim/__init__.py, such as __version__
        same_house = target == part or {target, part} <= COMMAND_LINE
        both_base = FLOORS[target] == FLOORS[part] == 0
        if not (same_house or both_base or FLOORS[target] < FLOORS[part]):
            wrong.append(f"{line}: {part} (floor {FLOORS[part]}) imports {name} (floor {FLOORS[target]})")
    return wrong


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first decorator to the end."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    assert node.end_lineno is not None
    return node.end_lineno - first + 1


def undocumented(tree: ast.Module) -> list[str]:
    """Public classes, functions and methods (and the module) without a docstring."""
    found = [] if ast.get_docstring(tree) else ["the module"]
    nodes: list[tuple[str, ast.AST]] = [("", tree)]
    while nodes:
        prefix, parent = nodes.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.If | ast.Try):
                nodes.append((prefix, node))
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if node.name.startswith("_"):
                continue
            if not ast.get_docstring(node) and not is_declaration(node):
                found.append(prefix + node.name)
            if isinstance(node, ast.ClassDef):
                nodes.append((f"{prefix}{node.name}.", node))
    return found


def is_declaration(node: ast.AST) -> bool:
    """Whether a function only declares a signature, as in a Protocol whose class docstring says it all."""
    return isinstance(node, ast.FunctionDef) and [ast.unparse(line) for line in node.body] == ["..."]


def environment_reads(tree: ast.AST) -> list[int]:
    """Lines that touch ``os.environ`` or ``os.getenv``."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv", "putenv"})
        or (isinstance(node, ast.ImportFrom) and any(alias.name in {"environ", "getenv"} for alias in node.names))
    ]


def module_level(tree: ast.Module) -> ast.Module:
    """The part of a module that runs when it is imported."""
    body = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    return ast.Module([node for node in body if not is_type_checking(node)], [])


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def test_every_part_has_a_floor() -> None:
    parts = {part_of(path) for path in FILES}
    assert len(FILES) > 10
    assert parts <= set(FLOORS), f"give these a floor in {Path(__file__).name}: {sorted(parts - set(FLOORS))}"


@EVERY_FILE
def test_imports_go_down(path: Path) -> None:
    assert upward_imports(part_of(path), tree_of(path)) == []


def test_importing_the_package_imports_nothing_of_it() -> None:
    """`floodsim/__init__.py` is a door: what stands behind it is loaded when it is used."""
    loaded = [name for _, name in imports(module_level(tree_of(PACKAGE / "__init__.py")))]
    assert [name for name in loaded if name.split(".")[0] not in {"__future__", "pathlib", "typing"}] == []


@EVERY_FILE
def test_each_library_has_one_home(path: Path) -> None:
    strangers = [
        f"{line}: {name} belongs to {sorted(LONE_HOMES[top])}"
        for line, name in imports(tree_of(path))
        if (top := name.split(".")[0]) in LONE_HOMES and part_of(path) not in LONE_HOMES[top]
    ]
    assert strangers == []


@EVERY_FILE
def test_heavy_libraries_are_imported_where_they_are_needed(path: Path) -> None:
    heavy = [f"{line}: {name}" for line, name in imports(module_level(tree_of(path))) if name.split(".")[0] in HEAVY]
    assert heavy == [], "import these inside the function that uses them"


@EVERY_FILE
def test_sizes(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    limit = MAX_KERNEL if part_of(path) == "kernels" else MAX_FUNCTION
    long = [f"{node.name}: {length(node)} lines" for node in functions(tree_of(path)) if length(node) > limit]
    assert lines <= MAX_FILE
    assert long == []


@EVERY_FILE
def test_everything_public_is_documented(path: Path) -> None:
    assert undocumented(tree_of(path)) == []


@EVERY_FILE
def test_environment_is_read_at_the_door_only(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() not in MAY_READ_ENVIRONMENT:
        assert environment_reads(tree_of(path)) == []


def test_dependencies_are_those_imported() -> None:
    """Every library imported is declared, and every library declared is imported."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = {
        re.split(r"[^\w-]", requirement)[0].lower()
        for requirement in [
            *project["dependencies"],
            *extras["geo"],
            *extras["report"],
            *extras["tables"],
            *extras["cluster"],
            *extras["slurm"],
            *extras["validation"],
            *extras["zarr"],
        ]
    }
    modules = {name.split(".")[0] for path in FILES for _, name in imports(tree_of(path))}
    imported = {module.lower() for module in modules - set(sys.stdlib_module_names) - {"floodsim"}}
    installed_as = {"yaml": "pyyaml", "dask_jobqueue": "dask-jobqueue"}
    arrive_with = {"pandas", "cftime", "llvmlite", "pydantic_core", "annotated_types"}  # with declared ones
    wanted = {installed_as.get(module, module) for module in imported} - arrive_with
    assert wanted - declared == set(), "imported, but not declared in pyproject.toml"
    engines = {"pyogrio", "dask", "bokeh"}  # used by geopandas to read layers, by xarray for chunks, by Dask to draw
    assert declared - wanted - engines - {"floodsim"} == set(), "declared, but imported nowhere"


def test_the_rules_catch_offenders() -> None:
    """The readers above find what they look for, lazily imported or not."""
    code = ast.parse(
        "from floodsim.simulate.simulation import Simulation\n"
        "def f():\n    import floodsim.output.reader\n    import scipy\n    return os.environ['X']\n"
        "def g():\n    'Documented.'\n    from floodsim import surface, __version__\n    from .x import y\n"
        "import importlib, pandas as pd\nimportlib.import_module('floodsim.cli')\n"
    )
    found = "\n".join(upward_imports("surface", code))
    for name in ("floodsim.simulate.simulation", "floodsim.output.reader", "relative import .x", "floodsim.cli"):
        assert name in found
    assert "floodsim.surface" not in found and "__version__" not in found
    assert undocumented(code) == ["the module", "f"]
    assert environment_reads(code) == [5]
    assert [name for _, name in imports(module_level(code))] == [
        "floodsim.simulate.simulation", "importlib", "pandas", "floodsim.cli",
    ]  # fmt: skip
    assert length(next(functions(ast.parse("@a\n@b\ndef f():\n    pass\n")))) == 4
