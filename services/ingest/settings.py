"""What ingest reads from its environment, once, at its start."""

from pydantic import Field, PositiveFloat, PositiveInt

from shared.settings import Group


class IngestSettings(Group):
    port: PositiveInt = Field(8001, validation_alias="ONEVOICE_INGEST_PORT")
    rate: str = Field("20000/second", validation_alias="ONEVOICE_INGEST_RATE")
    """Events that each key may publish through one process, as `N/second`, `N/minute` or `N/hour`."""
    body_seconds: PositiveFloat = Field(10.0, validation_alias="ONEVOICE_INGEST_BODY_SECONDS")
    """How long a sender may take to send its body."""
    body_memory: PositiveInt = Field(256 * 1024 * 1024, validation_alias="ONEVOICE_INGEST_BODY_MEMORY")
    """Bytes of bodies under way at once in one process, decompressed; further ones get 503."""
    remembered: PositiveInt = Field(100_000, validation_alias="ONEVOICE_INGEST_REMEMBERED")
    """Identities that one process holds in memory, about 300 bytes each."""
