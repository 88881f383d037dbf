"""One page that stands alone: templates, styles, scripts and data in a single HTML file."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from floodsim import __version__
from floodsim.output.folder import plain
from floodsim.report.content import overview, page_content, script_data, words
from floodsim.report.extras import need
from floodsim.report.run import Run
from floodsim.report.texts import Texts

SCRIPTS = ("vendor/leaflet/leaflet.js", "vendor/uplot/uPlot.iife.min.js", "templates/report.js")
STYLES = ("vendor/leaflet/leaflet.css", "vendor/uplot/uPlot.min.css", "templates/style.css")


def report_page(runs: Sequence[Run], lang: str) -> str:
    """The report of one run or several as HTML. Raises CaseError without jinja2."""
    t = Texts(lang)
    data = [script_data(run, t) for run in runs]
    contents = [page_content(run, t, part) for run, part in zip(runs, data, strict=True)]
    title = f"{runs[0].title} – {t('report')}"
    table = overview(list(runs), t)
    return render("report.html", t, {"runs": data, "words": words(t)}, title=title, runs=contents, overview=table)


def render(
    template: str,
    t: Texts,
    data: dict[str, Any],
    *,
    scripts: Sequence[str] = SCRIPTS,
    styles: Sequence[str] = STYLES,
    **parts: Any,
) -> str:
    """A template with everything the page needs inlined; ``data`` is what its scripts read."""
    jinja2 = need("jinja2", "writing the report")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("floodsim.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    safe = jinja2.utils.markupsafe.Markup
    return environment.get_template(template).render(
        t=t,
        version=__version__,
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        style=safe("\n".join(map(_style, styles))),
        script=safe("\n".join(map(_script, scripts))),
        data=safe(_json(data)),
        **parts,
    )


def _json(data: Any) -> str:
    """JSON that can stand inside a script element, whatever a name contains."""
    text = json.dumps(plain(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _read(name: str) -> str:
    return (resources.files("floodsim.report") / name).read_text(encoding="utf-8")


def _script(name: str) -> str:
    """A script without its link to a source map, which a page that stands alone does not have."""
    lines = [line for line in _read(name).splitlines() if not line.startswith("//# sourceMappingURL")]
    return "\n".join(lines).replace("</script", "<\\/script")


def _style(name: str) -> str:
    """A style sheet without pictures in other files."""
    return re.sub(r"url\((?!['\"]?(?:data|#))[^)]*\)", "none", _read(name))
