"""What was measured: a table on the screen, JSON, HTML with plots, and a part of a page of the documentation."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import pygal
from jinja2 import Environment, FileSystemLoader
from pygal.style import CleanStyle
from rich.table import Table

from deploy.local.servers import chosen
from deploy.local.stack import ROOT
from tests.bench import cores
from tests.bench.figure import Figure
from tests.marked import replace_between

BUILD = Path("build")
BEGIN, END = "<!-- the figures begin -->", "<!-- the figures end -->"
LIBRARIES = ("fastapi", "uvicorn", "aiokafka", "pydantic", "motor", "onnxruntime")
COLUMNS = ("what", "Onevoice", "unit", "beside", "bare", "ratio", "aim")
TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def circumstances(environ: Mapping[str, str]) -> dict[str, str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    choice = chosen(environ)
    return {
        "commit": commit.stdout.strip() or "none",
        "machine": platform.platform(),
        "cores": f"{os.cpu_count()}: {cores.told()}",
        "Kafka": {"apache": "Apache Kafka", "embedded": "embedded", "named": "another"}[choice.kafka],
        "MongoDB": choice.mongodb,
        "Python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def by_step(figures: Sequence[Figure]) -> Iterator[tuple[str, list[Figure]]]:
    for step, some in groupby(figures, key=lambda one: one.step):
        yield step, list(some)


def cells(one: Figure) -> tuple[str, ...]:
    limit = "" if one.limit is None else number(one.limit)
    ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
    aim = "" if one.aim is None else f"{one.aim}{'' if one.met else ' (missed)'}"
    return one.what, number(one.value), one.unit, one.beside, limit, ratio, aim


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def table(figures: Sequence[Figure]) -> Table:
    shown = Table(title="Benchmarks, each beside the bare limit of the same step")
    for name in ("step", *COLUMNS):
        shown.add_column(name, justify="right" if name in ("Onevoice", "bare", "ratio") else "left")
    for one in figures:
        shown.add_row(one.step, *cells(one))
    return shown


def write(figures: Sequence[Figure], about: Mapping[str, str]) -> None:
    folder = ROOT / BUILD
    folder.mkdir(exist_ok=True)
    plain = {**about, "figures": [figure.plain() for figure in figures]}
    (folder / "bench.json").write_text(json.dumps(plain, indent=2) + "\n", "utf-8")
    (folder / "bench.html").write_text(page(figures, about), "utf-8")


def page(figures: Sequence[Figure], about: Mapping[str, str]) -> str:
    steps = [(step, plot(some), [(cells(one), one.met is False) for one in some]) for step, some in by_step(figures)]
    return TEMPLATES.get_template("report.html").render(about=about, columns=COLUMNS, steps=steps)


def plot(figures: Sequence[Figure]) -> str | None:
    """Ratios to the bare limit, as SVG; None where nothing has one."""
    beside = [one for one in figures if one.ratio is not None]
    if not beside:
        return None
    chart = pygal.HorizontalBar(
        style=CleanStyle,
        show_legend=False,
        height=60 + 34 * len(beside),
        width=900,
        print_values=True,
        js=(),
        disable_xml_declaration=True,
    )
    chart.title = "Ratio to the bare limit"
    chart.x_labels = [one.what.strip() for one in reversed(beside)]
    chart.add("ratio", [round(one.ratio or 0.0, 2) for one in reversed(beside)])
    return str(chart.render(is_unicode=True))


def page_part(path: Path, figures: Sequence[Figure], about: Mapping[str, str]) -> None:
    """Between the marks of the page; plots go to `images` beside it. Raises `ValueError` where a mark is missing."""
    lines = ["", "; ".join(f"{name}: {said}" for name, said in about.items()) + ".", ""]
    for step, some in by_step(figures):
        lines += [f"### {step.capitalize()}", ""]
        if (drawn := plot(some)) is not None:
            image = path.parent / "images" / f"bench-{step}.svg"
            image.write_text(drawn + "\n", "utf-8")
            lines += [f"![{step}: ratios to the bare limit](images/{image.name})", ""]
        lines += [f"| {' | '.join(COLUMNS)} |", "| --- | ---: | --- | --- | ---: | ---: | --- |"]
        lines += [f"| {' | '.join(cells(one))} |" for one in some]
        lines.append("")
    replace_between(path, BEGIN, END, "\n".join(lines))
