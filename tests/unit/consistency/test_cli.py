import json
from pathlib import Path

import pytest

from services.consistency.cli import run

SCENARIO = {
    "id": "s-1",
    "lang": "en",
    "note": "an opt-out that is not heeded",
    "events": [
        {"specversion": "1.0", "id": "m", "source": "/a", "type": "touchpoint.message.v1",
         "time": "2026-03-03T09:00:00Z",
         "data": {"customer": {"id": "c"}, "department": "marketing", "channel": "email", "direction": "outbound",
                  "purpose": "promotional", "text": "Half price today."}},
        {"specversion": "1.0", "id": "w", "source": "/a", "type": "touchpoint.consent.v1",
         "time": "2026-03-02T09:00:00Z",
         "data": {"customer": {"id": "c"}, "channel": "*", "status": "withdrawn"}},
    ],
    "conflicts": [{"a": "w", "b": "m", "kind": "consent", "about": "advertising"}],
}  # fmt: skip


def write(path: Path, *lines: object) -> str:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def test_detect_prints_a_line_a_scenario(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["detect", write(tmp_path / "s.jsonl", SCENARIO, {"id": "s-2", "events": []})]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert second == {"id": "s-2", "conflicts": []}
    (conflict,) = first["conflicts"]
    assert (first["id"], conflict["a"], conflict["b"], conflict["kind"]) == ("s-1", "w", "m", "consent")
    assert conflict["spans"] == [{"event": "m", "start": 0, "end": 17, "text": "Half price today."}]
    assert conflict.keys() == {"a", "b", "kind", "attribute", "reason", "spans", "confidence"}


def test_an_unreadable_event_is_named_and_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = {**SCENARIO, "events": [*SCENARIO["events"], {"id": "x"}, 7]}  # type: ignore[misc]
    assert run(["detect", write(tmp_path / "s.jsonl", broken)]) == 0
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)["conflicts"]) == 1
    assert "s-1: event x left out" in captured.err
    assert "s-1: event number 4 left out" in captured.err


@pytest.mark.parametrize("content", ["not json\n", "[]\n", '{"id": "s"}\n'])
def test_an_unreadable_file_ends_with_2(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    assert run(["detect", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{path}, line 1" in captured.err
    assert run(["detect", str(tmp_path / "none.jsonl")]) == 2


def test_evaluate_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missed = {**SCENARIO, "id": "s-3", "conflicts": [{"a": "m", "b": "n", "kind": "embargo", "about": "a leak"}]}
    assert run(["evaluate", write(tmp_path / "s.jsonl", SCENARIO, missed)]) == 0
    out = capsys.readouterr().out
    assert "missed  m~n:embargo  a leak" in out
    assert "false   w~m:consent" in out
    assert "scenarios with nothing wrong: 1 of 2" in out


def test_explain_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", write(tmp_path / "s.jsonl", SCENARIO)]) == 0
    assert "withdrew consent for all channels on 2 March 2026" in capsys.readouterr().out


TERMS = ("The notice period of your contract is 30 days.", "The notice period of your contract is three months.")


def test_explain_takes_two_texts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--text", TERMS[0], "--text", TERMS[1], "--sent", "2026-03-02T09:00Z"]) == 0
    out = capsys.readouterr().out
    assert "contradiction: " in out
    assert "first 2026-03-02T09:00:00Z sales by email" in out
    assert "“30 days”  amount contract_term = 30 duration" in out
    assert "first ~ second: a conflict, probability " in out
    assert "rules " in out


@pytest.mark.parametrize("arguments", [["explain"], ["explain", "--text", "one"], ["explain", "f", "--text", "one"]])
def test_explain_asks_for_a_file_or_two_texts(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(arguments)
    assert ended.value.code == 2
    assert "give either files of scenarios, or --text twice" in capsys.readouterr().err


def test_a_time_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["explain", "--text", "a", "--text", "b", "--sent", "yesterday"])
    assert "'yesterday' is no time; write it as 2026-03-02T09:00Z" in capsys.readouterr().err


def test_evaluate_shows_the_claims_of_what_was_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = [
        {"specversion": "1.0", "id": name, "source": "/a", "type": "touchpoint.message.v1", "time": time,
         "data": {"customer": {"id": "c"}, "department": "sales", "channel": "email", "direction": "outbound",
                  "text": text}}
        for name, time, text in (("x", "2026-03-02T09:00:00Z", TERMS[0]), ("y", "2026-03-04T09:00:00Z", TERMS[1]))
    ]  # fmt: skip
    assert run(["evaluate", write(tmp_path / "s.jsonl", {"id": "s", "lang": "en", "events": events})]) == 0
    out = capsys.readouterr().out
    assert "false   x~y:contradiction" in out
    assert "“three months”  amount contract_term = 91.3" in out
