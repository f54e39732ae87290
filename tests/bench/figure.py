"""One measurement."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` of ours beside `bare`, both in `unit`; of rates more is better, of delays less."""

    step: str
    what: str
    value: float
    bare: float | None
    unit: str

    def plain(self) -> dict[str, object]:
        return asdict(self) | {"ratio": None if not self.bare else self.value / self.bare}
