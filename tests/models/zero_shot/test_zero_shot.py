"""Labels from a model that was never trained on them, against a server that answers as it is told."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.cli.main import main
from bitflow.datasets.labels import read_labels
from bitflow.datasets.simulate.person import simulate_person
from bitflow.datasets.windows import FeatureDataset
from bitflow.models.endpoints.prompt import Reply, strict_schema
from bitflow.models.zero_shot.judgements import degenerate, judgement_of, number_names, verdict_probabilities
from bitflow.models.zero_shot.kind import open_zero_shot
from bitflow.models.zero_shot.material import read_material
from bitflow.models.zero_shot.questions import UNDECIDED, questions
from bitflow.models.zero_shot.settings import ZeroShotSettings
from bitflow.store import open_store
from tests.models.endpoints.stub_server import Stub, schema_of
from tests.models.stores import write_discord_store

SHOWN = ("I want to but maybe", "I like it very much")


def words_of(body) -> str:
    """What a request shows as spoken, from its data block."""
    text = body["messages"][1]["content"][-2]["text"]
    told = json.loads(text.partition(">")[2].rpartition("<")[0])
    return " ".join(line for _, line in told["words"])


def judge(verdict, cues=()):
    """An answer of whichever form is asked for."""

    def made(body):
        said = verdict(body) if callable(verdict) else verdict
        properties = schema_of(body)["properties"]
        if "ah" in properties:
            return {"cues": list(cues), "discord": [], "ah": said}
        return {"cues": [], "verdict": said}

    return made


def hears_but(body):
    return "present" if "but" in words_of(body) else "absent"


@pytest.fixture
def spoken_store(tmp_path):
    labels = write_discord_store(tmp_path / "features", people=6, visits=3, words=True)
    return tmp_path / "features", labels, tmp_path / "model"


def train(store, model, url, *more):
    given = ["--set", f"endpoint={url}", "--set", "model=stub-1", "--set", "pictures=false"]
    return main(["train", "zero-shot", "--features", str(store), "-o", str(model), *given, *more])


def clip_rows(store):
    opened = open_store(store)
    tables = {name: opened[name].table("predictions") for name in opened}
    return {name: rows[rows["level"] == "clip"].iloc[0] for name, rows in tables.items()}


def test_verdicts_become_predictions_with_cues_on_the_clock_and_nothing_is_asked_twice(spoken_store, monkeypatch):
    store, labels, model = spoken_store
    monkeypatch.setenv("BITFLOW_LLM_KEY", "sk-very-secret")
    cue = {
        "modality": "language", "cue": "hedging", "where": [3, 4], "direction": "undecided", "strength": "clear",
    }  # fmt: skip
    names = [*open_store(store), "labels.csv", str(store)]
    with Stub(answer=judge(hears_but, [cue]), forbidden=tuple(names), token="sk-very-secret") as stub:
        assert train(store, model, stub.url) == 0
        assert main(["predict", str(model), str(store), "--set", "in_flight=4"]) == 0
        asked = len(stub.requests)
        before = {p: p.read_bytes() for p in store.rglob("predictions.parquet")}
        assert main(["predict", str(model), str(store)]) == 0
        assert len(stub.requests) == asked
    assert stub.faults == []
    assert {p: p.read_bytes() for p in store.rglob("predictions.parquet")} == before
    assert not any(b"very-secret" in p.read_bytes() for p in (*model.iterdir(), *store.rglob("*")) if p.is_file())
    truth = dict(zip(read_labels(labels).recordings, read_labels(labels).values, strict=True))
    rows = clip_rows(store)
    assert {name: row["label"] for name, row in rows.items()} == truth
    marks = open_store(store)[next(iter(truth))].table("predictions").query("level == 'cue'")
    assert marks[["start", "end", "name"]].to_numpy().tolist() == [[1.5, 2.4, "language hedging"]]
    assert open_store(store).check() == []


def test_an_answer_out_of_form_and_one_that_cannot_tell_are_no_class(spoken_store):
    store, _, model = spoken_store
    with Stub(answer=judge(lambda body: UNDECIDED if "but" in words_of(body) else "perhaps")) as stub:
        train(store, model, stub.url)
        assert main(["predict", str(model), str(store)]) == 0
    rows = clip_rows(store)
    assert all(row["abstains"] and pd.isna(row["label"]) and pd.isna(row["value"]) for row in rows.values())
    assert {row["reason"] for row in rows.values()} == {"the model cannot tell", "the answer is not of the form"}


def test_evaluation_counts_abstentions_and_scores_a_perfect_reader_perfectly(spoken_store, capsys):
    store, labels, model = spoken_store
    with Stub(answer=judge(hears_but)) as stub:
        train(store, model, stub.url)
        capsys.readouterr()
        assert main(["evaluate", str(model), str(store), "--labels", str(labels), "--resamples", "50", "--json"]) == 0
        perfect = json.loads(capsys.readouterr().out)
    with Stub(answer=judge(lambda body: hears_but(body) if "but" in words_of(body) else UNDECIDED)) as stub:
        train(store, model, stub.url, "--set", "definition=Another line.")
        capsys.readouterr()
        assert main(["evaluate", str(model), str(store), "--labels", str(labels), "--resamples", "50", "--json"]) == 0
        silent = json.loads(capsys.readouterr().out)
    positive = sum(value == "1" for value in read_labels(labels).values)
    assert perfect["macro_f1"] == perfect["macro_f1_all"] == 1.0
    assert perfect["abstained"] == 0
    assert silent["abstained"] == 18 - positive
    assert silent["macro_f1_all"] == 0.5
    assert silent["abstention_reasons"] == {"the model cannot tell": 18 - positive}


def test_a_model_that_says_one_thing_is_called_degenerate(tmp_path, capsys):
    labels = write_discord_store(tmp_path / "s", people=10, visits=3, words=True)
    with Stub(answer=judge("present")) as stub:
        train(tmp_path / "s", tmp_path / "m", stub.url)
        capsys.readouterr()
        assert main(["predict", str(tmp_path / "m"), str(tmp_path / "s"), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["degenerate"] is True
        command = ["evaluate", str(tmp_path / "m"), str(tmp_path / "s"), "--labels", str(labels)]
        assert main([*command, "--resamples", "20", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["degenerate"] is True
    assert degenerate(["a"] * 28 + ["b"] * 2) is None
    assert {row["reason"] for row in clip_rows(tmp_path / "s").values()} == {"degenerate run"}


def test_calibration_turns_a_model_that_always_errs_the_right_way_round_for_new_people(tmp_path, capsys):
    labels = write_discord_store(tmp_path / "s", people=10, visits=3, words=True)
    turned = judge(lambda body: "absent" if hears_but(body) == "present" else "present")
    with Stub(answer=turned) as stub:
        assert train(tmp_path / "s", tmp_path / "m", stub.url, "--labels", str(labels)) == 0
        command = ["evaluate", str(tmp_path / "m"), str(tmp_path / "s"), "--labels", str(labels)]
        assert main(command) != 0
        assert "were in the calibration" in capsys.readouterr().err
        assert main([*command, "--scheme", "cross-validation", "--resamples", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["macro_f1"] == 1.0
    assert found["verdicts"]["macro_f1"] == 0.0
    assert open_zero_shot(tmp_path / "m").calibration is not None


def test_another_machine_needs_its_name_and_a_consent(spoken_store, capsys):
    store, _, model = spoken_store
    assert train(store, model, "https://203.0.113.9") != 0
    assert "--set allow_remote=203.0.113.9" in capsys.readouterr().err
    assert train(store, model, "https://203.0.113.9", "--set", "allow_remote=203.0.113.8") != 0
    assert "allows another host" in capsys.readouterr().err
    assert train(store, model, "https://203.0.113.9", "--set", "allow_remote=203.0.113.9") == 0
    assert "203.0.113.9" not in json.dumps(open_zero_shot(model).trained)
    assert main(["predict", str(model), str(store)]) != 0
    capsys.readouterr()
    assert main(["predict", str(model), str(store), "--set", "allow_remote=203.0.113.9"]) == 1
    said = capsys.readouterr().err
    assert "another machine" in said
    assert said.count("nobody consented") == 18


def test_limits_and_other_machines_are_told_in_the_words_of_the_command(spoken_store, capsys):
    store, _, model = spoken_store
    assert train(store, model, "http://192.0.2.1") == 2
    assert "--set allow_remote=192.0.2.1" in capsys.readouterr().err
    with Stub(answer=judge(hears_but)) as stub:
        assert train(store, model, stub.url) == 0
        assert main(["predict", str(model), str(store), "--set", "max_calls=3"]) == 1
        assert len(stub.requests) == 3
    assert "(--set max_calls)" in capsys.readouterr().err
    assert (
        3 <= len(clip_rows_there(store)) < len(open_store(store))
    )  # recordings that say the same are asked about once


def clip_rows_there(store):
    opened = open_store(store)
    tables = [opened[name].table("predictions") for name in opened if "predictions" in opened[name]]
    return [rows[rows["level"] == "clip"].iloc[0] for rows in tables]


def test_any_closed_set_of_labels_is_put_by_letter_in_an_order_of_its_own(tmp_path):
    write_discord_store(tmp_path / "s", people=4, visits=3, words=True)

    def right(body):
        options = body["messages"][1]["content"][-1]["text"]
        wanted = "torn" if "but" in words_of(body) else "keen"
        return options[options.index(f": {wanted}") - 1]

    with Stub(answer=judge(right)) as stub:
        more = ("--task", "mood", "--set", "labels=bored,keen,torn", "--set", "definition=How they feel about it.")
        assert train(tmp_path / "s", tmp_path / "m", stub.url, *more) == 0
        assert main(["predict", str(tmp_path / "m"), str(tmp_path / "s")]) == 0
    assert len({body["messages"][1]["content"][-1]["text"] for body in stub.requests}) > 1
    assert all("How they feel about it." in body["messages"][0]["content"] for body in stub.requests)
    assert {row["label"] for row in clip_rows(tmp_path / "s").values()} == {"keen", "torn"}


def test_a_recogniser_hears_the_model_and_not_the_labels(spoken_store, capsys):
    store, labels, model = spoken_store
    recogniser = store.parent / "recogniser"
    train_it = ["train", "--features", str(store), "--labels", str(labels), "-o", str(recogniser), "--json"]
    train_it += ["--set", "experts=zero-shot", "--set", "members=0", "--set", "folds=3"]
    assert main(train_it) != 0
    assert "`bitflow predict` it first" in capsys.readouterr().err
    with Stub(answer=judge(hears_but)) as stub:
        train(store, model, stub.url)
        main(["predict", str(model), str(store)])
    data = FeatureDataset.open(store)
    assert all("label" not in name for clip in data for name in clip.said.numbers)
    capsys.readouterr()
    assert main(train_it) == 0
    assert json.loads(capsys.readouterr().out)["macro_f1"] == 1.0
    assert main(["predict", str(recogniser), str(store)]) == 0
    assert all(row["label"] in ("0", "1") for row in clip_rows(store).values())


def test_votes_are_asked_in_other_orders_and_the_majority_counts(spoken_store):
    store, _, model = spoken_store
    seen: dict[str, int] = {}

    def fickle(body):
        said = words_of(body)
        seen[said] = seen.get(said, 0) + 1
        return "present" if body["seed"] < 2 else "absent"

    with Stub(answer=judge(fickle)) as stub:
        train(store, model, stub.url, "--set", "votes=3")
        assert main(["predict", str(model), str(store)]) == 0
    assert {body["temperature"] for body in stub.requests} == {0.7}
    assert {body["seed"] for body in stub.requests} == {0, 1, 2}
    # Laplace's rule over two of three votes for one of two labels; the stub's log-probabilities name no option.
    assert {round(row["value"], 6) for row in clip_rows(store).values()} == {0.625}


def test_a_server_without_log_probabilities_is_asked_without(spoken_store):
    store, _, model = spoken_store

    class Plain(Stub):
        def problems(self, body, raw):
            if body.get("logprobs"):
                yield "logprobs is not supported for this model"
            yield from super().problems(body, raw)

    with Plain(answer=judge(hears_but)) as stub:
        train(store, model, stub.url)
        assert main(["predict", str(model), str(store)]) == 0
    assert all(not row["abstains"] for row in clip_rows(store).values())


def test_schemas_are_closed_and_ask_for_cues_before_the_verdict():
    for task, labels in (("ambivalence", ("0", "1")), ("mood", ("calm", "tense", "sad"))):
        asked = questions(ZeroShotSettings("http://127.0.0.1:1", "m", task, labels), (), "x")[0]
        schema = strict_schema(asked.prompt.answer)
        assert next(iter(schema["properties"])) == "cues"
        assert list(schema["properties"])[-1] == asked.field
        assert UNDECIDED in schema["properties"][asked.field]["enum"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.integers(0, 5), st.booleans())
def test_probabilities_of_options_are_those_of_the_token_that_tells_them_apart(weights, cut, joined):
    """Options that share a beginning are told apart at a later token; whatever the tokens, masses are kept."""
    p = np.array(weights) / sum(weights)
    options = {"present": "1", "presence": "2", "absent": "0"}
    tops = {"pres": p[0] + p[1], "abs": p[2]}
    inner = {"ent": p[0] / (p[0] + p[1]), "ence": p[1] / (p[0] + p[1])}
    opening = '{"cues": [], "ah": "'
    tokens = [opening[:cut], opening[cut:]] if cut else [opening]
    if joined:
        tops = {tokens[-1] + key: value for key, value in tops.items()}
        tokens = tokens[:-1]
    first = next(iter(tops))

    def entry(token, top):
        return {"token": token, "logprob": math.log(top.get(token, 1)), "top": {t: math.log(v) for t, v in top.items()}}

    logprobs = (*(entry(t, {}) for t in tokens), entry(first, tops), entry("ent", inner), entry('"}', {}))
    found = verdict_probabilities(Reply("ok", {"ah": "present"}, logprobs=logprobs), "ah", options)
    assert np.allclose([found["1"], found["2"], found["0"]], p, atol=1e-4)


def test_every_judgement_has_the_numbers_that_calibration_expects():
    asked = questions(ZeroShotSettings("http://127.0.0.1:1", "m"), (), "x")
    data = {"cues": [], "discord": [{"pair": "FL", "cue_i": 0, "cue_j": 9}], "ah": "present"}
    judged = judgement_of(asked, [Reply("ok", data)])
    assert tuple(judged.numbers) == number_names(asked[0])
    assert judged.numbers["contradictions"] == 0
    assert judged.probability == {"0": 0.25, "1": 0.75}


def test_a_cue_that_is_repeated_counts_once():
    asked = questions(ZeroShotSettings("http://127.0.0.1:1", "m"), (), "x")
    hedging, smile = (
        {"modality": modality, "cue": cue, "where": [1], "direction": "undecided", "strength": "clear"}
        for modality, cue in (("language", "hedging"), ("face", "smile"))
    )
    discord = [{"pair": "FL", "cue_i": 0, "cue_j": 2}, {"pair": "FL", "cue_i": 1, "cue_j": 2}]
    data = {"cues": [hedging, hedging, smile], "discord": discord, "ah": "present"}
    judged = judgement_of(asked, [Reply("ok", data)])
    assert judged.cues == (hedging, smile)
    assert judged.numbers["clear cues"] == 2
    assert judged.numbers["contradictions"] == 1


def test_measured_facts_come_with_unit_and_coverage_and_the_twin_sees_words_alone(tmp_path):
    simulate_person(tmp_path, duration=30)
    recording = open_store(tmp_path)["simulated"]
    material = read_material(recording, ZeroShotSettings("http://127.0.0.1:1", "m", facts=True))
    told = {fact["measure"]: fact for fact in material.facts}
    assert set(told["pause_time_fraction"]) == {"measure", "value", "unit", "coverage"}
    assert told["head_nod_rate_per_min"]["unit"] == "1/min"
    assert '"measured"' in material.parts()[-1]
    assert "measured" not in material.words_alone.parts()[-1]
    assert "simulated" not in "".join(map(str, material.parts()))
