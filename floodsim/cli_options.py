"""Options that several commands share, and what holds for the whole invocation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from floodsim.errors import EXIT_CODES, OverwriteError

EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items())
FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass
class Settings:
    """What holds for the whole invocation, whichever command it is.

    ``case_file`` is the case that was read, ``environment`` the variables of this process.
    """

    debug: bool = False
    case_file: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def _set_debug(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Settings).debug = True


DEBUG = click.option(
    "--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show the traceback of any error."
)
SET = click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help='Replace one key of the case, such as --set solver.order=2 or --set "clock.duration=30 min". Repeatable.',
)
MEASURES = click.option(
    "--measures", metavar="A,B", help="Measures that are built, by name or name of a set; without it as the case says."
)
LANG = click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language 语言.")
FORCE = click.option("--force", is_flag=True, help="Overwrite what stands in the way.")


def names_in(text: str) -> list[str]:
    """Names out of a list with commas; an empty text is an empty list."""
    return [name.strip() for name in text.split(",") if name.strip()]


_SPREAD = (
    click.option("--workers", type=click.IntRange(1), metavar="N", help="Cut the grid into N tiles, one process each."),
    click.option("--tiles", metavar="ROWSxCOLUMNS", help="How to cut it, such as 2x1; default by the work."),
    click.option("--scheduler", metavar="ADDRESS", help="Take the workers of this Dask scheduler, not local ones."),
)


_DISPLAY = (
    click.option("--quiet", "display", flag_value="quiet", help="Show no progress."),
    click.option("--log", "display", flag_value="log", help="Progress as plain lines, even on a terminal."),
)


def _together(options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    """One decorator for several options, shown in this order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


SPREAD = _together(_SPREAD)
"""Options of a run on several workers."""
DISPLAY = _together(_DISPLAY)
"""How progress is shown."""


def refuse_overwrite(path: Path | None, force: bool) -> None:
    """Raise OverwriteError where a file, or a folder with something in it, stands in the way."""
    if path is None or force or not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    raise OverwriteError(f"{path} exists already; use --force to overwrite it, or another name")
