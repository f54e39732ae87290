"""Which outside judge is asked, if any, and within what bounds."""

from typing import Literal, Self

from pydantic import (
    Field,
    HttpUrl,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import SettingsConfigDict

from shared.settings import Group


class JudgeSettings(Group):
    model_config = SettingsConfigDict(hide_input_in_errors=True)  # the key is part of the input

    judge: Literal["none", "onnx", "chat"] = Field("none", validation_alias="ONEVOICE_JUDGE")
    model: str = Field("", validation_alias="ONEVOICE_JUDGE_MODEL")
    """The folder of an entailment model, or the name of a chat model."""
    contradiction: NonNegativeInt | None = Field(None, validation_alias="ONEVOICE_JUDGE_CONTRADICTION")
    """Which value of the entailment model's output stands for contradiction; None: as its `config.json` says."""
    url: HttpUrl | None = Field(None, validation_alias="ONEVOICE_JUDGE_URL")
    """Where `/chat/completions` is found."""
    key: SecretStr | None = Field(None, validation_alias="ONEVOICE_JUDGE_KEY")
    timeout: PositiveFloat = Field(5.0, validation_alias="ONEVOICE_JUDGE_TIMEOUT")
    """Seconds that one request to a chat model may take."""
    wait: PositiveFloat = Field(10.0, validation_alias="ONEVOICE_JUDGE_WAIT")
    """Seconds of each minute that comparing may spend waiting for a chat model."""
    concurrency: PositiveInt = Field(4, validation_alias="ONEVOICE_JUDGE_CONCURRENCY")
    requests_an_hour: PositiveInt = Field(1_000, validation_alias="ONEVOICE_JUDGE_REQUESTS_AN_HOUR")

    @field_validator("key")
    @classmethod
    def sendable(cls, key: SecretStr | None) -> SecretStr | None:
        """Surrounding blanks are dropped, for files that hold a key end with a line break."""
        plain = key.get_secret_value().strip() if key is not None else ""
        if not all("!" <= character <= "~" for character in plain):
            raise ValueError("must be printable ASCII without blanks")
        return SecretStr(plain) if plain else None

    @model_validator(mode="after")
    def complete(self) -> Self:
        needed: dict[str, dict[str, object]] = {
            "onnx": {"MODEL": self.model},
            "chat": {"URL": self.url, "MODEL": self.model},
        }
        missing = [f"ONEVOICE_JUDGE_{name}" for name, given in needed.get(self.judge, {}).items() if not given]
        if missing:
            raise ValueError(f"ONEVOICE_JUDGE={self.judge} needs {' and '.join(missing)}")
        if self.wait < self.timeout:
            raise ValueError("ONEVOICE_JUDGE_WAIT is less than ONEVOICE_JUDGE_TIMEOUT: no request would ever be sent")
        return self
