"""The judge that the settings name, ready to be asked."""

from pathlib import Path

from services.consistency.domain.contradiction.review import Reviewer
from services.consistency.judge.chat import ChatReviewer
from services.consistency.judge.entailment import EntailmentReviewer
from services.consistency.judge.remembering import Remembering
from services.consistency.judge.settings import JudgeSettings


def open_reviewer(settings: JudgeSettings) -> Reviewer | None:
    """None where no judge is set; raises `UnusableModel` where a folder holds no model that can be run."""
    match settings.judge:
        case "onnx":
            return Remembering(EntailmentReviewer(Path(settings.model), settings.contradiction))
        case "chat":
            return Remembering(ChatReviewer(settings))
        case "none":
            return None
