"""One measurement, made several times over."""

from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Aim:
    """What the ratio to the bare limit should be: at least that much of a rate, at most that many times a delay."""

    ratio: float
    least: bool = True

    def met_by(self, ratio: float) -> bool:
        return ratio >= self.ratio if self.least else ratio <= self.ratio

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.ratio:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """`runs` of ours and `bare` of what `beside` names, in `unit`, taken in turn; medians count."""

    step: str
    what: str
    unit: str
    runs: tuple[float, ...]
    bare: tuple[float, ...] = ()
    beside: str = ""
    aim: Aim | None = None

    @property
    def value(self) -> float:
        return median(self.runs)

    @property
    def limit(self) -> float | None:
        return median(self.bare) if self.bare else None

    @property
    def ratio(self) -> float | None:
        return self.value / self.limit if self.limit else None

    @property
    def met(self) -> bool | None:
        """None where nothing is aimed at."""
        return self.aim.met_by(self.ratio) if self.aim is not None and self.ratio is not None else None

    def plain(self) -> dict[str, object]:
        return asdict(self) | {
            "value": self.value,
            "limit": self.limit,
            "ratio": self.ratio,
            "aim": str(self.aim or ""),
            "met": self.met,
        }
