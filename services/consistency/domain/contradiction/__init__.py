"""What two messages state that cannot both hold: claims read from text, compared by type."""

from services.consistency.domain.contradiction.lexicon import Lexicon, load_lexicon
from services.consistency.domain.contradiction.rule import contradiction_rule
from services.consistency.domain.contradiction.standing import StandingClaim, standing_claims

__all__ = ["Lexicon", "StandingClaim", "contradiction_rule", "load_lexicon", "standing_claims"]
