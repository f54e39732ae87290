"""Charts as SVG documents of their own, in light and dark by themselves."""

import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from xml.etree.ElementTree import Element

import pygal
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pygal.style import Style

from services.gateway.api.answers import FromConsistency, FromJourney
from services.gateway.api.overview import DAYS, overview_of
from services.gateway.console import formats, wording
from services.gateway.console.feedback import FeedbackAsked
from services.gateway.console.home import Days, window_in
from services.gateway.console.languages import gettext, number
from services.gateway.console.session import signed_in
from services.gateway.console.trends import Span, Stretch, judged_spans, spans
from services.gateway.shapes.alerts import Course
from services.gateway.watch import Watch
from shared.web.window import Last

# pygal leaves a finder for plugins there that Python 3.11 warns of at every import and 3.12 ignores; none is used.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

router = APIRouter(include_in_schema=False, prefix="/charts")

POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
"""A chart is an image: it runs nothing and loads nothing, but carries its own style."""

INK, PAPER = "#26302f", "#f1ece2"
KIND_COLOURS = ("#15695f", "#b8452a", "#b07a00", "#4d63b8", "#7c5f94")
KIND_COLOURS_DARK = ("#5cbfae", "#f08a6c", "#e3b341", "#93a8f0", "#c7aee0")
"""In the order of `wording.KINDS`; console.css has them too."""
COURSE_COLOURS, COURSE_COLOURS_DARK = KIND_COLOURS[1::-1], KIND_COLOURS_DARK[1::-1]
"""Told, corrected."""
FONT = (
    "'Avenir Next', 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, "
    "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
)

LABEL_SIZE = 13
MARGIN = 4


def coloured(colours: Sequence[str]) -> str:
    return "".join(
        f".color-{place} {{ fill: {colour} !important; stroke: {colour} !important }}"
        for place, colour in enumerate(colours)
    )


DEFAULT_CSS = ("file://style.css", "file://graph.css")


def css(colours: Sequence[str], in_the_dark: Sequence[str]) -> str:
    return (
        "inline:"
        f".graph text, .axis text {{ fill: {INK} !important; font-family: {FONT} !important }}"
        f".graph .value {{ fill: {INK} !important; font-weight: 600 }}"
        ".text-overlay .value { text-anchor: start !important; transform: translateX(-2px) }"
        ".plot .background, .graph > .background { fill: none !important }"
        ".series rect, .series .line { stroke-width: 0 } .series path.line { stroke-width: 2.5 }"
        f"{coloured(colours)}"
        f".axis .line, .guides .line, .axis path.guide {{ stroke: {INK}; stroke-opacity: .12; stroke-dasharray: none }}"
        "@media (prefers-color-scheme: dark) {"
        f".graph text, .axis text, .graph .value {{ fill: {PAPER} !important }}"
        f"{coloured(in_the_dark)}"
        f".axis .line, .guides .line, .axis path.guide {{ stroke: {PAPER} }} }}"
    )


def style() -> Style:
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=INK,
        foreground_strong=INK,
        foreground_subtle=INK,
        colors=KIND_COLOURS,
        opacity="1",
        opacity_hover="1",
        transition="0s",
        font_family=FONT,
        label_font_size=LABEL_SIZE,
        major_label_font_size=LABEL_SIZE,
        value_font_size=LABEL_SIZE,
        no_data_font_size=LABEL_SIZE,
    )


def without_scripts(root: Element) -> Element:
    """pygal puts its settings into a script, for charts that react; these are still."""
    for parent in [*root.iter()]:
        for script in parent.findall("script"):
            parent.remove(script)
    return root


def plain(colours: Sequence[str] = KIND_COLOURS, in_the_dark: Sequence[str] = KIND_COLOURS_DARK) -> dict[str, Any]:
    """What every chart has in common: its colours, no script, no legend, whole numbers."""
    return {
        "style": style(),
        "css": [*DEFAULT_CSS, css(colours, in_the_dark)],
        "js": [],
        "show_legend": False,
        "show_x_guides": False,
        "margin": MARGIN,
        "no_data_text": gettext("Nothing yet"),
        "formatter": lambda plain: number(plain, "#,##0"),
    }


def svg_of(chart: pygal.graph.graph.Graph) -> bytes:
    chart.add_xml_filter(without_scripts)
    svg: bytes = chart.render()
    return svg


def widening(label: str) -> float:
    """By how much it is wider than pygal takes it to be, which reckons with letters of 0.6 em."""
    return 0.4 * LABEL_SIZE * sum(unicodedata.east_asian_width(letter) in "WF" for letter in label)


def bars(counts: Mapping[str, int], names: Mapping[str, str]) -> bytes:
    """Horizontal bars, the longest on top."""
    ordered = sorted(counts.items(), key=lambda pair: pair[1])
    labels = [names.get(key, key) for key, _ in ordered]
    chart = pygal.HorizontalBar(
        **plain(),
        width=420,
        height=max(80, 27 * len(ordered) + 16),
        explicit_size=False,
        margin_left=MARGIN + round(max(map(widening, labels), default=0)),
        show_x_labels=False,
        show_y_guides=False,
        print_values=True,
        print_values_position="top",
        print_zeroes=True,
        spacing=10,
        rounded_bars=3,
        range=(0, max(counts.values(), default=1) * 1.12 or 1),
        disable_xml_declaration=False,
    )
    chart.x_labels = labels
    chart.add("", [count for _, count in ordered])
    return svg_of(chart)


def steps(most: int) -> list[int]:
    """Whole numbers for an axis, from 0 to at least `most`."""
    step = max(1, -(-most // 4))
    return list(range(0, max(most, 1) + step, step))


def stacked(spans: Sequence[Stretch], series: Mapping[str, Sequence[int]], narrow: bool) -> bytes:
    """A bar a span, a colour a series; the page beside it says the colours and the numbers."""
    most = max([sum(bar) for bar in zip(*series.values(), strict=True)], default=0)
    chart = pygal.StackedBar(**plain(), **bars_over([span.label for span in spans], most, narrow))
    for name, counts in series.items():
        chart.add(name, counts)
    return svg_of(chart)


def by_kind(spans: Sequence[Span]) -> dict[str, list[int]]:
    return {kind: [span.kinds.get(kind, 0) for span in spans] for kind in wording.KINDS}


def shares(spans: Sequence[Stretch], points: Sequence[float | None], limit: float, narrow: bool) -> bytes:
    """A line from 0 to 100 %, with a gap where there is no share, and the limit as a broken one."""
    chart = pygal.Line(
        **plain() | over([span.label for span in spans], narrow) | {"margin_right": 40},
        y_labels=[{"label": formats.percentage(share), "value": share} for share in (0, 25, 50, 75, 100)],
        range=(0, 100),
        show_dots=True,
        dots_size=3,
        fill=False,
    )
    chart.add("", [None if point is None else 100 * point for point in points])
    chart.add("", [100 * limit] * len(spans), show_dots=False, stroke_style={"dasharray": "5, 5"})
    return svg_of(chart)


def side_by_side(course: Course, narrow: bool) -> bytes:
    """Two bars a span, what was told and what was corrected."""
    spans = course["spans"]
    most = max([max(span["told"], span["corrected"]) for span in spans], default=0)
    labels = [formats.span(span["from"], course["hours"]) for span in spans]
    chart = pygal.Bar(**plain(COURSE_COLOURS, COURSE_COLOURS_DARK), **bars_over(labels, most, narrow))
    chart.add("told", [span["told"] for span in spans])
    chart.add("corrected", [span["corrected"] for span in spans])
    return svg_of(chart)


def over(labels: Sequence[str], narrow: bool) -> dict[str, Any]:
    """What charts over time have in common: their width, and as many labels as there is room for; one close to the end
    would not fit in whole."""
    every = max(1, -(-len(labels) // (4 if narrow else 9)))
    return {
        "width": 400 if narrow else 1060,
        "height": 230,
        "explicit_size": False,
        "x_labels": labels,
        "x_labels_major": labels[: len(labels) - every // 2 : every],
        "show_minor_x_labels": False,
        "truncate_label": -1,
    }


def bars_over(labels: Sequence[str], most: int, narrow: bool) -> dict[str, Any]:
    """As `over`, for bars of which the highest counts `most`."""
    axis = steps(most)
    return {
        **over(labels, narrow),
        "print_values": False,
        "spacing": 8,
        "rounded_bars": 1,
        "y_labels": axis,
        "range": (0, axis[-1]),
    }


def line(points: list[float]) -> bytes:
    chart = pygal.Line(
        **plain(),
        width=420,
        height=150,
        show_dots=False,
        fill=False,
        min_scale=2,
        max_scale=3,
        include_x_axis=True,
        range=(0, max([*points, 10.0])),
    )
    chart.add("", points)
    return svg_of(chart)


def answer(svg: bytes) -> Response:
    return Response(svg, media_type="image/svg+xml", headers={"Content-Security-Policy": POLICY})


@router.get("/over-time.svg")
async def over_time(
    request: Request,
    journey: FromJourney,
    consistency: FromConsistency,
    days: Days = DAYS,
    last: Last = None,
    narrow: bool = False,
) -> Response:
    """Conflicts by kind, a bar a day, a week or a month."""
    signed_in(request)
    found = await overview_of(journey, consistency, days, last)
    bars = spans(window_in(found), found["conflicts"]["by_day"])
    return answer(stacked(bars, by_kind(bars), narrow))


@router.get("/channels.svg")
async def channels(
    request: Request, journey: FromJourney, consistency: FromConsistency, days: Days = DAYS, last: Last = None
) -> Response:
    signed_in(request)
    found = await overview_of(journey, consistency, days, last)
    return answer(bars(found["conflicts"]["by_channel"], wording.CHANNELS))


@router.get("/precision.svg")
async def precision(
    request: Request, consistency: FromConsistency, asked: FeedbackAsked, narrow: bool = False
) -> Response:
    """The share of judged alerts that was right, and below what share a rule is proposed for muting."""
    signed_in(request)
    found = await asked.answer(consistency)
    judged = judged_spans(asked.window, found["by_day"])
    return answer(shares(judged, [span.precision for span in judged], found["muting"]["precision"], narrow))


@router.get("/judged.svg")
async def judged(
    request: Request, consistency: FromConsistency, asked: FeedbackAsked, narrow: bool = False
) -> Response:
    """How many alerts were judged right and wrong, a bar a day, a week or a month."""
    signed_in(request)
    found = await asked.answer(consistency)
    bars = judged_spans(asked.window, found["by_day"])
    series = {"right": [bar.right for bar in bars], "wrong": [bar.wrong for bar in bars]}
    return answer(stacked(bars, series, narrow))


@router.get("/course.svg")
async def course(
    request: Request, consistency: FromConsistency, alert: Annotated[str, Query(max_length=256)], narrow: bool = False
) -> Response:
    """What was told and what was corrected of one alert."""
    signed_in(request)
    return answer(side_by_side(await consistency.course(alert), narrow))


@router.get("/lag.svg")
async def lag(request: Request) -> Response:
    """Records that wait for a consumer, over the last ten minutes, all services together."""
    signed_in(request)
    watch: Watch = request.app.state.watch
    histories = [watch.history(name) for name in ("journey", "consistency")]
    moments = zip(*histories, strict=False)
    return answer(
        line([float(sum(one["lag_records"] for look in looks for one in look.consumers)) for looks in moments])
    )
