"""Corrections: who heard the wrong statement of an alert."""

from typing_extensions import TypedDict

from services.gateway.shapes.alerts import Sender, Side


class ChannelProgress(TypedDict):
    """`channel` is null for messages from before it was kept."""

    channel: str | None
    customers: int
    corrected: int


class Correction(TypedDict):
    """Customers who heard the statement of `side`, and those of them who were corrected since."""

    side: Side
    sender: Sender
    customers: int
    corrected: int
    by_channel: list[ChannelProgress]


class WrongMessage(TypedDict):
    """What a correction's `corrects` names is its `id`."""

    source: str
    id: str
    channel: str | None
    time: str | None
    corrected: bool


class HeardIt(TypedDict):
    customer: str
    corrected: bool
    corrected_at: str | None
    messages: list[WrongMessage]


class HeardItPage(TypedDict):
    """May hold fewer than `limit` where `corrected` is asked for; `next` says whether there is more."""

    items: list[HeardIt]
    next: str | None
