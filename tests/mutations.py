"""Would the tests notice? Change the kernels one place at a time, and count how many changes the tests catch.

    python tests/mutations.py [--each 4] [--seed 0] [--file flux.py ...] [--only TEXT]

A mutation is one of: a sign (+ for -), a factor (* for /), min for max, a comparison turned round, a constant changed,
an index shifted by one, or a sum left out. `--each` are drawn at random per kernel file. Every one is written into a
copy of the project, where the tests of that file run, without compilation, until one fails. The same tests pass on the
copy as it is, or nothing is tried. What survives is printed with its place: either a test is missing there, or the
change means nothing. `--only` tries again those whose line of output holds a text.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
KERNELS = ROOT / "floodsim" / "kernels"
PLAIN = "tests/kernels"
"""Tests that run fast enough without compilation; those of the file itself go first."""
NETWORK = [
    f"{PLAIN}/test_network_kernels.py",
    "tests/drainage/test_engine_structures.py",
    "tests/drainage/test_engine_water.py",
    "tests/drainage/test_culverts.py",
]
"""Tests of the kernels of the pipe network, on a few pipes."""
MORE = {
    "network_seepage.py": ["tests/drainage/test_seeping_tanks.py"],
    "roadway.py": ["tests/drainage/test_roadways.py"],
    "surface_paths.py": ["tests/grid/test_catchments.py"],
    "swmm.py": ["tests/drainage/test_swmm_engine.py"],
}
"""Tests of a kernel file that lie elsewhere."""
LONGEST = 600.0
"""Seconds after which tests that no longer end count as having noticed."""


@dataclass(frozen=True)
class Mutation:
    """One change: the file, the line it is on, what it does, and the mutated source."""

    file: Path
    line: int
    what: str
    source: str


def sites(tree: ast.Module) -> Iterator[tuple[ast.AST, str, Callable[[ast.AST], None]]]:
    """Every node that can be changed, what the change is, and how it is made; docstrings and decorators are left."""
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        for node in (inner for statement in function.body for inner in ast.walk(statement)):
            yield from of_node(node)


def of_node(node: ast.AST) -> Iterator[tuple[ast.AST, str, Callable[[ast.AST], None]]]:
    """The changes that one node allows."""
    if isinstance(node, ast.BinOp):
        swaps: dict[type, type] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
        other = swaps.get(type(node.op))
        if other is not None:
            yield node, f"{type(node.op).__name__} for {other.__name__}", lambda n: setattr(n, "op", other())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node, "minus dropped", lambda n: setattr(n, "op", ast.UAdd())
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        turned: dict[type, type] = {ast.Lt: ast.GtE, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.GtE: ast.Lt}
        other = turned.get(type(node.ops[0]))
        if other is not None:
            yield node, "comparison turned", lambda n: setattr(n, "ops", [other()])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
        name = "max" if node.func.id == "min" else "min"
        yield node, f"{node.func.id} for {name}", lambda n: setattr(n.func, "id", name)
    elif isinstance(node, ast.Constant) and isinstance(node.value, float) and abs(node.value) > 1e-3:
        yield node, f"{node.value} a fifth larger", lambda n: setattr(n, "value", n.value * 1.2)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node, "index shifted", shift
    elif isinstance(node, ast.AugAssign):
        yield node, "sum left out", lambda n: setattr(n, "value", ast.BinOp(n.value, ast.Mult(), ast.Constant(0)))


def shift(node: ast.AST) -> None:
    """Read the value before the one that is meant (or, of the first, the last)."""
    assert isinstance(node, ast.Subscript)
    node.slice = ast.BinOp(node.slice, ast.Sub(), ast.Constant(1))


def mutations(file: Path, count: int, seed: int) -> list[Mutation]:
    """``count`` mutations of a file, drawn at random but the same for the same seed."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    number = len(list(sites(tree)))
    chosen = random.Random(f"{file.name} {seed}").sample(range(number), min(count, number))
    found = []
    for index in sorted(chosen):
        changed = copy.deepcopy(tree)
        node, what, change = list(sites(changed))[index]
        line = ast.unparse(node)
        change(node)
        ast.fix_missing_locations(changed)
        found.append(Mutation(file, node.lineno, f"{what}: {line} -> {ast.unparse(node)}", ast.unparse(changed)))  # type: ignore[attr-defined]
    return found


def tests_of(file: Path) -> list[str]:
    """The tests that have to notice a change of a kernel file, the nearest first."""
    if file.name.startswith("network"):
        return [*MORE.get(file.name, []), *NETWORK]
    own = f"{PLAIN}/test_{file.stem}.py"
    return [*([own] if (ROOT / own).exists() else []), *MORE.get(file.name, []), PLAIN]


def complaint(tests: list[str], yard: Path) -> str:
    """The first test that fails in the copy of the project, or what else went wrong there; empty where all pass."""
    environment = {**os.environ, "PYTHONPATH": str(yard), "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
    environment["NUMBA_DISABLE_JIT"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=no", *tests]
    try:
        done = subprocess.run(command, cwd=yard, env=environment, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return "tests no longer end"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return "" if done.returncode == 0 else failed[0].split(" - ")[0] if failed else done.stdout[-200:]


def caught(mutation: Mutation, yard: Path) -> str:
    """What notices once the mutation stands in the copy of the project; empty where nothing does."""
    place = yard / mutation.file.relative_to(ROOT)
    original = place.read_text(encoding="utf-8")
    place.write_text(mutation.source, encoding="utf-8")
    try:
        return complaint(tests_of(mutation.file), yard)
    finally:
        place.write_text(original, encoding="utf-8")


def copied(yard: Path) -> None:
    """Put a copy of what the tests need into an empty folder."""
    for name in ("floodsim", "tests", "pyproject.toml"):
        source, target = ROOT / name, yard / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def main() -> None:
    """Print a line per mutation, and the survivors; exit status 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=4, help="mutations per file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", nargs="*", help="names of kernel files; all that compute, without")
    parser.add_argument("--only", default="", metavar="TEXT", help="only mutations whose description holds this")
    options = parser.parse_args()
    files = [f for f in sorted(KERNELS.glob("*.py")) if f.name not in ("__init__.py", "jit.py")]
    files = [f for f in files if not options.file or f.name in options.file]
    survivors = total = 0
    with tempfile.TemporaryDirectory() as folder:
        yard = Path(folder) / "project"
        copied(yard)
        if found := complaint(list(dict.fromkeys(test for file in files for test in tests_of(file))), yard):
            sys.exit(f"without any mutation: {found}")
        for file in files:
            for mutation in mutations(file, options.each, options.seed):
                place = f"{file.name}:{mutation.line} {mutation.what}"
                if options.only not in place:
                    continue
                began = time.monotonic()
                by = caught(mutation, yard)
                total, survivors = total + 1, survivors + (not by)
                seconds = time.monotonic() - began
                print(f"{'caught  ' if by else 'SURVIVED'} {place}  [{by or '-'}, {seconds:.0f} s]", flush=True)
    print(f"{total - survivors} of {total} mutations caught")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
