"""Charts as SVG documents of their own, in light and dark by themselves."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

import pygal
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pygal.style import Style

from services.gateway.api.answers import FromConsistency, FromJourney
from services.gateway.console import wording
from services.gateway.console.session import signed_in
from services.gateway.shapes import Alert
from services.gateway.watch import Watch

# pygal leaves a finder for plugins there that Python 3.11 warns of at every import and 3.12 ignores; none is used.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

router = APIRouter(include_in_schema=False, prefix="/charts")

POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
"""A chart is an image: it runs nothing and loads nothing, but carries its own style."""

INK, PAPER = "#26302f", "#f1ece2"
BAR, BAR_DARK = "#15695f", "#5cbfae"
FONT = "'Avenir Next', 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
MAX_ALERTS = 200

DEFAULT_CSS = ("file://style.css", "file://graph.css")
CSS = (
    "inline:"
    f".graph text, .axis text {{ fill: {INK} !important; font-family: {FONT} !important }}"
    f".graph .value {{ fill: {INK} !important; font-weight: 600 }}"
    ".text-overlay .value { text-anchor: start !important; transform: translateX(-2px) }"
    ".plot .background, .graph > .background { fill: none !important }"
    ".series rect, .series .line { stroke-width: 0 } .series path.line { stroke-width: 2.5 }"
    f".color-0 {{ fill: {BAR} !important; stroke: {BAR} !important }}"
    f".axis .line, .guides .line, .axis path.guide {{ stroke: {INK}; stroke-opacity: .12; stroke-dasharray: none }}"
    "@media (prefers-color-scheme: dark) {"
    f".graph text, .axis text, .graph .value {{ fill: {PAPER} !important }}"
    f".color-0 {{ fill: {BAR_DARK} !important; stroke: {BAR_DARK} !important }}"
    f".axis .line, .guides .line, .axis path.guide {{ stroke: {PAPER} }} }}"
)


def style() -> Style:
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=INK,
        foreground_strong=INK,
        foreground_subtle=INK,
        colors=(BAR,),
        opacity="1",
        opacity_hover="1",
        transition="0s",
        font_family=FONT,
        label_font_size=13,
        major_label_font_size=13,
        value_font_size=13,
        no_data_font_size=13,
    )


def without_scripts(root: Element) -> Element:
    """pygal puts its settings into a script, for charts that react; these are still."""
    for parent in [*root.iter()]:
        for script in parent.findall("script"):
            parent.remove(script)
    return root


def bars(counts: Mapping[str, int], names: Mapping[str, str]) -> bytes:
    """Horizontal bars, the longest on top."""
    ordered = sorted(counts.items(), key=lambda pair: pair[1])
    chart = pygal.HorizontalBar(
        style=style(),
        css=[*DEFAULT_CSS, CSS],
        js=[],
        width=420,
        height=max(80, 27 * len(ordered) + 16),
        explicit_size=False,
        show_legend=False,
        show_x_labels=False,
        show_x_guides=False,
        show_y_guides=False,
        print_values=True,
        print_values_position="top",
        print_zeroes=True,
        margin=4,
        spacing=10,
        rounded_bars=3,
        range=(0, max(counts.values(), default=1) * 1.12 or 1),
        no_data_text="Nothing yet",
        formatter=lambda number: f"{number:,.0f}",
        disable_xml_declaration=False,
    )
    chart.add_xml_filter(without_scripts)
    chart.x_labels = [names.get(key, key) for key, _ in ordered]
    chart.add("", [number for _, number in ordered])
    svg: bytes = chart.render()
    return svg


def line(points: list[float]) -> bytes:
    chart = pygal.Line(
        style=style(),
        css=[*DEFAULT_CSS, CSS],
        js=[],
        width=420,
        height=150,
        show_legend=False,
        show_dots=False,
        show_x_guides=False,
        fill=False,
        margin=4,
        min_scale=2,
        max_scale=3,
        include_x_axis=True,
        range=(0, max([*points, 10.0])),
        no_data_text="Nothing yet",
        formatter=lambda number: f"{number:,.0f}",
    )
    chart.add_xml_filter(without_scripts)
    chart.add("", points)
    svg: bytes = chart.render()
    return svg


def parts_in(alerts: Sequence[Alert]) -> Counter[str]:
    """Each department once an alert, though it contradicts itself; the customer's own side has none."""
    sides = (
        {department for side in (alert["senders"]["a"], alert["senders"]["b"]) if (department := side["department"])}
        for alert in alerts
    )
    return Counter(department for pair in sides for department in pair)


def answer(svg: bytes) -> Response:
    return Response(svg, media_type="image/svg+xml", headers={"Content-Security-Policy": POLICY})


@router.get("/conflicts.svg")
async def conflicts(request: Request, consistency: FromConsistency) -> Response:
    signed_in(request)
    found = (await consistency.stats())["conflicts"]["by_kind"]
    return answer(bars({kind: found.get(kind, 0) for kind in wording.KINDS}, wording.KINDS))


@router.get("/senders.svg")
async def senders(request: Request, consistency: FromConsistency) -> Response:
    """Departments by the open alerts they have a part in, of the newest of these."""
    signed_in(request)
    found = (await consistency.alerts([("state", "open"), ("limit", str(MAX_ALERTS))]))["items"]
    return answer(bars(parts_in(found), wording.DEPARTMENTS))


@router.get("/departments.svg")
async def departments(request: Request, journey: FromJourney) -> Response:
    signed_in(request)
    told = await journey.stats()
    return answer(bars(told["messages"]["by_department"] if "messages" in told else {}, wording.DEPARTMENTS))


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
