"""A model cut to a few layers, and one of which a few are simulated: every output says which it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim import simulate
from tests.support.command_line import call
from tests.support.reports import WORK

CUT, SCALED = "2 of the model's 48 layers", "2 of the 48 layers simulated, the time of the others scaled from them"
OPTIONS = {CUT: ["--layers", "2"], SCALED: ["--simulate-layers", "2"]}
COMMANDS = {
    "run": ["run", "mamba2", *WORK],
    "explain": ["explain", "mamba2", *WORK],
    "compare": ["compare", "mamba2", "mamba2", *WORK],
}


Outputs = tuple[str, str, dict[str, str]]  # command, what is to be said, texts by kind


@pytest.fixture(
    scope="module", params=[("run", CUT), ("run", SCALED), ("explain", CUT), ("compare", CUT), ("compare", SCALED)],
    ids=["run cut", "run scaled", "explain cut", "compare cut", "compare scaled"],
)  # fmt: skip
def outputs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    name, words = request.param
    folder = tmp_path_factory.mktemp(name)
    files = {"page": folder / "x.html", "json": folder / "x.json"}
    files |= {} if name == "run" else {"markdown": folder / "x.md"}
    arguments = [*COMMANDS[name], *OPTIONS[words], "--report", str(files["page"]), "--json", str(files["json"])]
    arguments += [] if name == "run" else ["--markdown", str(files["markdown"])]
    code, printed, error = call(*arguments)
    assert code == 0, error
    texts = {kind: path.read_text().replace("&#x27;", "'") for kind, path in files.items()}
    return name, words, texts | {"terminal": " ".join(printed.split())}


def test_all_outputs_say_it(outputs: Outputs) -> None:
    name, words, texts = outputs
    other = next(each for each in OPTIONS if each != words)
    for kind in texts.keys() - {"json"} - ({"terminal"} if name == "compare" else set()):  # its columns wrap the words
        assert words in texts[kind], kind
        assert other not in texts[kind], kind
    if words == CUT:
        assert all("2 of 48 layers" in texts[kind] for kind in texts.keys() - {"json"})


def test_json_has_the_model_s_own_layers_only_where_they_differ(outputs: Outputs) -> None:
    name, words, texts = outputs
    found = json.loads(texts["json"])
    result = {"run": found, "explain": found.get("result"), "compare": found.get("runs", [None])[0]}[name]
    assert result.get("model_layers") == (48 if words == CUT else None)
    assert ("model_layers" in result) == (words == CUT)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        pytest.param({"layers": 2}, 48, id="cut"),
        pytest.param({"layers": 48}, None, id="as the file says"),
        pytest.param({}, None, id="nothing said"),
        pytest.param(["layers=2", "layers=3"], 48, id="said twice"),
    ],
)
def test_the_result_knows_the_model_s_layers(overrides: dict[str, int] | list[str], expected: int | None) -> None:
    assignments = overrides if isinstance(overrides, list) else [f"{key}={value}" for key, value in overrides.items()]
    small = ["sequence_length=16", "dimensions.d_model=64", "dimensions.head_dim=16"]
    assert simulate("mamba2", "edge", [*small, *assignments], stride="tile").model_layers == expected


@pytest.mark.parametrize("words", OPTIONS)
def test_captions_of_figures_say_it(words: str, tmp_path: Path) -> None:
    target = tmp_path / "x.svg"
    assert call("plot", "units", "mamba2", *WORK, *OPTIONS[words], "-o", str(target))[0] == 0
    title = target.read_text().split("<title", 2)[1].split("</title>")[0]
    assert title.endswith(f"; {words}")
