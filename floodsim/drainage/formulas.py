"""Formulas of control rules: VARIABLE and EXPRESSION clauses as a postfix list of operands and operators.

The operators and functions are those of SWMM 5.2. A formula is reckoned in the units of the file, as SWMM does: what
reads it puts the factors in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from floodsim.drainage.rules import Operand, Watched

Postfix = tuple["Operand | str", ...]
ORDER = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 3, "^": 4}
FUNCTIONS: dict[str, Callable[[float], float]] = {
    "ABS": abs, "SGN": lambda x: math.copysign(1.0, x) if x else 0.0, "STEP": lambda x: 0.0 if x <= 0.0 else 1.0,
    "SQRT": math.sqrt, "LOG": math.log, "LOG10": math.log10, "EXP": math.exp, "SIN": math.sin, "COS": math.cos,
    "TAN": math.tan, "COT": lambda x: 1.0 / math.tan(x), "ASIN": math.asin, "ACOS": math.acos, "ATAN": math.atan,
    "ACOT": lambda x: math.pi / 2.0 - math.atan(x), "SINH": math.sinh, "COSH": math.cosh, "TANH": math.tanh,
    "COTH": lambda x: 1.0 / math.tanh(x),
}  # fmt: skip
_TOKEN = re.compile(r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[A-Za-z_][\w.]*|[-+*/^()])")


@dataclass
class FormulaError(Exception):
    """A formula cannot be read; says why."""

    message: str


@dataclass
class _Reader:
    """Dijkstra's shunting yard: numbers and names go out at once, operators wait for weaker ones."""

    variables: dict[str, Postfix]
    out: list[Operand | str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def operand(self, token: str) -> None:
        if token[0].isdigit() or token[0] == ".":
            self.out.append(Operand(Watched.CONSTANT, value=float(token)))
        elif token.upper() in self.variables:
            self.out.extend(self.variables[token.upper()])
        else:
            raise FormulaError(f"{token} is no variable, function or number")

    def operator(self, token: str) -> None:
        while self.waiting and self.waiting[-1] != "(" and _before(self.waiting[-1], token):
            self.out.append(self.waiting.pop())
        self.waiting.append(token)

    def close(self) -> None:
        while self.waiting and self.waiting[-1] != "(":
            self.out.append(self.waiting.pop())
        if not self.waiting:
            raise FormulaError("a closing bracket has no partner")
        self.waiting.pop()
        if self.waiting and self.waiting[-1] in FUNCTIONS:
            self.out.append(self.waiting.pop())


def _before(waiting: str, token: str) -> bool:
    """Whether an operator that waits acts before ``token``."""
    if waiting in FUNCTIONS:
        return True
    return ORDER[waiting] > ORDER[token] or (ORDER[waiting] == ORDER[token] and token not in ("^", "neg"))


def parse_formula(text: str, variables: dict[str, Postfix]) -> Postfix:
    """The postfix form of ``text``; ``variables`` by upper-case name. Raises `FormulaError`."""
    reader, at, after_value = _Reader(variables), 0, False
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise FormulaError(f"the formula cannot be read at {text[at:].strip()[:20]}")
        token, at = found.group(1), found.end()
        if token in ORDER and not after_value:
            if token not in ("+", "-"):
                raise FormulaError(f"{token} has nothing on its left")
            if token == "-":
                reader.operator("neg")
        elif token in ORDER:
            reader.operator(token)
            after_value = False
        elif token == ")":
            reader.close()
            after_value = True
        elif after_value:
            raise FormulaError(f"an operator is missing before {token}")
        elif token == "(" or token.upper() in FUNCTIONS:
            reader.waiting.append(token.upper())
        else:
            reader.operand(token)
            after_value = True
    while reader.waiting:
        if reader.waiting[-1] == "(":
            raise FormulaError("a bracket is not closed")
        reader.out.append(reader.waiting.pop())
    _check(reader.out)
    return tuple(reader.out)


def _check(postfix: Sequence[Operand | str]) -> None:
    depth = 0
    for item in postfix:
        if isinstance(item, Operand):
            depth += 1
        elif item in FUNCTIONS or item == "neg":
            depth -= depth < 1
        else:
            depth = depth - 1 if depth > 1 else -1
        if depth < 1:
            raise FormulaError("an operator or function has no value to work on")
    if depth != 1:
        raise FormulaError("the formula gives no single value")


def evaluate(postfix: Postfix, value: Callable[[Operand], float]) -> float:
    """The number that a formula gives; ``value`` knows those of its operands. 0 where it is not defined, as in SWMM."""
    stack: list[float] = []
    try:
        for item in postfix:
            if isinstance(item, Operand):
                stack.append(value(item))
            elif item in FUNCTIONS:
                stack.append(FUNCTIONS[item](stack.pop()))
            elif item == "neg":
                stack.append(-stack.pop())
            else:
                b, a = stack.pop(), stack.pop()
                stack.append(_combined(item, a, b))
    except (ValueError, ZeroDivisionError, OverflowError):
        return 0.0
    return stack[0]


def _combined(sign: str, a: float, b: float) -> float:
    if sign == "+":
        return a + b
    if sign == "-":
        return a - b
    if sign == "*":
        return a * b
    return a / b if sign == "/" else float(a**b)


def written_out(postfix: Postfix, name: Callable[[Operand], str]) -> str:
    """A formula as text, in brackets; ``name`` gives the word for each operand."""
    stack: list[str] = []
    for item in postfix:
        if isinstance(item, Operand):
            stack.append(f"{item.value:.15g}" if item.watched == Watched.CONSTANT else name(item))
        elif item in FUNCTIONS:
            stack.append(f"{item.lower()}({stack.pop()})")
        elif item == "neg":
            stack.append(f"(-{stack.pop()})")
        else:
            b, a = stack.pop(), stack.pop()
            stack.append(f"({a} {item} {b})")
    return stack[0]
