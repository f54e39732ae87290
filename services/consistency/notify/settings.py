"""What notifications are told by the environment."""

from pathlib import Path

from pydantic import Field, HttpUrl
from pydantic_settings import SettingsConfigDict

from shared.settings import Group


class NotifySettings(Group):
    model_config = SettingsConfigDict(env_ignore_empty=True)

    routes_file: Path | None = Field(None, validation_alias="ONEVOICE_ROUTES_FILE")
    """Who is told of which alerts; without it, nobody is."""
    console: HttpUrl = Field(HttpUrl("http://127.0.0.1:8080"), validation_alias="ONEVOICE_CONSOLE_URL")
    """The console's public address, to which the links in notifications lead."""

    @property
    def console_address(self) -> str:
        return str(self.console).rstrip("/")
