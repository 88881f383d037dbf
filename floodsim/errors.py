"""Faults, errors and exit codes: how floodsim says what is wrong.

Knows nothing of cases, grids or solvers; every floor above uses it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

EXIT_OK = 0
EXIT_UNEXPECTED = 1
EXIT_BAD_INPUT = 2
EXIT_RUN_FAILED = 3
EXIT_WOULD_OVERWRITE = 4
EXIT_DIFFERENT = 5
EXIT_NOT_VALID = 6
EXIT_INTERRUPTED = 130

EXIT_CODES = {
    EXIT_OK: "finished",
    EXIT_UNEXPECTED: "unexpected error inside floodsim",
    EXIT_BAD_INPUT: "bad case, input file or option; nothing was run",
    EXIT_RUN_FAILED: "the run stopped (mass error, instability, full disk); the partial result says so",
    EXIT_WOULD_OVERWRITE: "a finished result stands in the way; use --force",
    EXIT_DIFFERENT: "compare --exact: the results are not equal to the bit",
    EXIT_NOT_VALID: "validate: a figure misses its limit",
    EXIT_INTERRUPTED: "interrupted; the partial result is readable and says so",
}


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a case: where, what, what is allowed, and what to do about it."""

    message: str
    file: str = ""
    key: str = ""
    value: str = ""
    allowed: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.key) if part)
        lines = [f"{place}: {self.message}" if place else self.message]
        for label, text in (("value", self.value), ("allowed", self.allowed), ("remedy", self.remedy)):
            if text:
                lines.append(f"    {label}: {text}")
        return "\n".join(lines)


class FloodsimError(Exception):
    """Base of every error that floodsim raises on purpose."""

    exit_code = EXIT_UNEXPECTED


class CaseError(FloodsimError):
    """A case or one of its inputs is wrong; carries every fault that was found."""

    exit_code = EXIT_BAD_INPUT

    def __init__(self, faults: Fault | list[Fault]) -> None:
        self.faults = [faults] if isinstance(faults, Fault) else list(dict.fromkeys(faults))  # each only once
        count = len(self.faults)
        head = "1 fault" if count == 1 else f"{count} faults"
        super().__init__(head + " in the case:\n" + "\n".join(str(fault) for fault in self.faults))

    def in_file(self, file: str | Path) -> CaseError:
        """The same error with ``file`` (the case file) in every fault that names a key but no file of its own."""
        return CaseError([replace(one, file=str(file)) if one.key and not one.file else one for one in self.faults])


class RunError(FloodsimError):
    """A run had to stop after it had begun."""

    exit_code = EXIT_RUN_FAILED


class OutsideError(RunError):
    """A run had to stop for a cause outside of it (a disk, a network, a worker), and can go on where it stopped."""


class OverwriteError(FloodsimError):
    """A finished result would have been overwritten."""

    exit_code = EXIT_WOULD_OVERWRITE


class Faults:
    """Collects faults so that all of them are reported at once.

    Example: ``faults = Faults("case.toml"); faults.add("no such file", key="grid.terrain"); faults.raise_if_any()``.
    """

    def __init__(self, file: str | Path = "") -> None:
        self.file = str(file)
        self.found: list[Fault] = []

    def add(
        self,
        message: str,
        *,
        key: str = "",
        value: object = "",
        allowed: str = "",
        remedy: str = "",
        file: str | Path = "",
    ) -> None:
        """Record one fault; ``file`` defaults to the file this collector was made for."""
        shown = value if isinstance(value, str) else repr(value)
        self.found.append(Fault(message, str(file) or self.file, key, shown, allowed, remedy))

    def take(self, error: CaseError) -> None:
        """Record the faults of an error that was raised further in."""
        self.found.extend(error.faults)

    def raise_if_any(self) -> None:
        """Raise one `CaseError` with all recorded faults, if there are any."""
        if self.found:
            raise CaseError(self.found)
