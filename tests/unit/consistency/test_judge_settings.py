"""Settings of the outside judge: what is missing or makes no sense is said before anything runs."""

import pytest
from pydantic import ValidationError

from services.consistency.judge.opening import open_reviewer
from services.consistency.judge.settings import JudgeSettings

KEY = "sk-a-key-that-nobody-may-see"
CHAT = {"JUDGE": "chat", "JUDGE_URL": "http://127.0.0.1:1/v1", "JUDGE_MODEL": "small", "JUDGE_KEY": KEY}


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> JudgeSettings:
    for name, value in variables.items():
        monkeypatch.setenv(f"ONEVOICE_{name}", value)
    return JudgeSettings()


def test_there_is_no_judge_unless_one_is_set() -> None:
    assert open_reviewer(JudgeSettings()) is None


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"JUDGE": "oracle"}, "ONEVOICE_JUDGE\n"),
        ({"JUDGE": "onnx", "JUDGE_MODEL": ""}, "ONEVOICE_JUDGE=onnx needs ONEVOICE_JUDGE_MODEL"),
        ({"JUDGE_MODEL": ""}, "ONEVOICE_JUDGE=chat needs ONEVOICE_JUDGE_MODEL"),
        ({"JUDGE_URL": "localhost"}, "ONEVOICE_JUDGE_URL\n"),
        ({"JUDGE_TIMEOUT": "0"}, "ONEVOICE_JUDGE_TIMEOUT\n"),
        ({"JUDGE_CONCURRENCY": "0"}, "ONEVOICE_JUDGE_CONCURRENCY\n"),
        ({"JUDGE_REQUESTS_AN_HOUR": "0"}, "ONEVOICE_JUDGE_REQUESTS_AN_HOUR\n"),
        ({"JUDGE_CONTRADICTION": "-1"}, "ONEVOICE_JUDGE_CONTRADICTION\n"),
        ({"JUDGE_TIMEOUT": "30"}, "ONEVOICE_JUDGE_WAIT is less than ONEVOICE_JUDGE_TIMEOUT"),
        ({"JUDGE_KEY": f"{KEY} and more"}, "ONEVOICE_JUDGE_KEY\n"),
    ],
)
def test_what_is_wrong_is_named_without_the_key(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], told: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        read(monkeypatch, **{**CHAT, **changed})
    assert told in str(refused.value)
    assert KEY not in str(refused.value)
    assert KEY not in repr(refused.value)


def test_a_key_from_a_file_ends_with_a_line_break(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, **{**CHAT, "JUDGE_KEY": f"{KEY}\n"})
    assert settings.key is not None
    assert settings.key.get_secret_value() == KEY
    assert KEY not in repr(settings)
    assert read(monkeypatch, **{**CHAT, "JUDGE_KEY": ""}).key is None
