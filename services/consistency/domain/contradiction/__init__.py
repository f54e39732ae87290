"""What two messages state that cannot both hold: claims read from text, compared by type, and judged by wording."""
