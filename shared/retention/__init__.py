"""How long topics and documents are kept: read from one data file, enforced by the servers."""

from shared.retention.table import Days, Retention, RetentionError, read, shipped

__all__ = ["Days", "Retention", "RetentionError", "read", "shipped"]
