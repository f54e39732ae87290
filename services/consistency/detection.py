"""The detector as the service, the pre-flight check and the command line run it."""

from functools import lru_cache

from services.consistency.domain.detector import Detector, Rule


def default_rules() -> tuple[Rule, ...]:
    return ()


@lru_cache(maxsize=1)
def default_detector() -> Detector:
    """All kinds of conflict, with the data files as they stand; built once, for they are read once."""
    return Detector(default_rules())
