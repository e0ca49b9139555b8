"""YAML documents: each mistake by its message, documents over documents, and overrides from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, PositiveInt, model_validator

from hw.quantities import BYTES, Quantity
from hw.spec import Name, Spec, contradiction
from sim.files.documents import read_document, split_assignment
from sim.files.errors import InputError, quoted

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")


class Tank(Spec):
    """A part of the example document."""

    size: Annotated[int, Quantity(BYTES, "2MiB", "1B", "1GiB")]
    count: int = Field(ge=1, le=1000)

    @model_validator(mode="after")
    def _fits(self) -> Tank:
        if self.size * self.count > 4096:
            raise contradiction("size times count must be 4096 bytes at most", "count", "size")
        return self


class Plant(Spec):
    """The example document."""

    name: Name
    tank: Tank
    mode: Literal["fast", "slow"] = "fast"
    fused: bool = True
    spare: Tank | None = None
    others: list[Tank] = Field(default_factory=list)
    speeds: dict[Literal["up", "down"], PositiveInt] = Field(default_factory=dict)


GOOD = """\
name: example
tank:
  size: 1KiB
  count: 2
"""


def write(text: str, name: str = "plant.yaml") -> Path:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def load(text: str, *overrides: str) -> Plant:
    document = read_document(write(text))
    for override in overrides:
        document.override(override)
    return document.check(Plant)


def mistakes(text: str, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        load(text, *overrides)
    return str(caught.value)


def test_a_good_document_becomes_an_object() -> None:
    plant = load(GOOD + "spare: {size: 64B, count: 1}\nspeeds: {up: 3}\n")
    tank = Tank.model_construct(size=1024, count=2)
    assert plant == Plant.model_construct(
        name="example", tank=tank, spare=Tank.model_construct(size=64, count=1), speeds={"up": 3}
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            GOOD + "tonk: 3\n",
            "plant.yaml:5: tonk: unknown key, expected one of name, tank, mode, fused, spare, others, speeds; "
            "did you mean 'tank'?",
            id="unknown key with a hint",
        ),
        pytest.param(
            GOOD + "  zzz: 3\n",
            "plant.yaml:5: tank.zzz: unknown key, expected one of size, count",
            id="unknown key without a hint",
        ),
        pytest.param(
            GOOD + "spare: {size: 1B, count: 1, coumt: 2}\n",
            "plant.yaml:5: spare.coumt: unknown key, expected one of size, count; did you mean 'count'?",
            id="unknown key of an optional part",
        ),
        pytest.param(
            GOOD + "others:\n- {size: 1B, count: 1}\n- {size: 1B, count: 1,\n   sice: 1B}\n",
            "plant.yaml:8: others.1.sice: unknown key, expected one of size, count; did you mean 'size'?",
            id="unknown key of an element",
        ),
        pytest.param(
            GOOD + "speeds:\n  up: 1\n  left: 1\n",
            "plant.yaml:7: speeds.left: found 'left', expected 'up' or 'down'",
            id="unknown key of a table",
        ),
        pytest.param(
            "name: example\ntank:\n  size: 1KiB\n  count: two\n",
            "plant.yaml:4: tank.count: found 'two', expected a valid integer",
            id="text for a number",
        ),
        pytest.param(
            "name: example\ntank:\n  size: 1KiB\n  count: '2'\n",
            "plant.yaml:4: tank.count: found '2', expected a valid integer",
            id="number in quotes",
        ),
        pytest.param(
            "name: example\ntank:\n  size: 1KiB\n  count: 2.0\n",
            "plant.yaml:4: tank.count: found 2.0, expected a valid integer",
            id="float for an integer",
        ),
        pytest.param(
            "name: example\ntank:\n  size: 1KiB\n  count: 0\n",
            "plant.yaml:4: tank.count: found 0, expected 1 at least",
            id="out of range",
        ),
        pytest.param("name: 3\n" + GOOD[14:], "plant.yaml:1: name: found 3, expected a valid string", id="name"),
        pytest.param(
            GOOD + "fused: yes\n", "plant.yaml:5: fused: found 'yes', expected a valid boolean", id="yes is a string"
        ),
        pytest.param(
            GOOD + "mode: medium\n", "plant.yaml:5: mode: found 'medium', expected 'fast' or 'slow'", id="choice"
        ),
        pytest.param("name: example\ntank: 3\n", "plant.yaml:2: tank: found 3, expected a mapping", id="no mapping"),
        pytest.param(GOOD + "speeds: [1]\n", "plant.yaml:5: speeds: found [1], expected a mapping", id="no table"),
        pytest.param(
            "name: example\ntank:\n  size: 1024\n  count: 2\n",
            "plant.yaml:3: tank.size: found 1024, expected a quantity with a unit such as '2MiB'",
            id="bare number where a unit is due",
        ),
        pytest.param(
            "name: example\ntank:\n  size: 1KHz\n  count: 2\n",
            "plant.yaml:3: tank.size: found '1KHz', expected one of the units B, kB, MB, GB, TB, KiB, MiB, GiB",
            id="bad unit",
        ),
        pytest.param("name: example\ntank:\n  size: 1B\n", "plant.yaml:2: tank.count: is missing", id="missing key"),
        pytest.param("tank: {size: 1B, count: 1}\n", "plant.yaml:1: name: is missing", id="missing key at the top"),
        pytest.param(
            "name: example\ntank:\n  size: 4KiB\n  count: 2\n",
            "plant.yaml:4: tank.count: size times count must be 4096 bytes at most",
            id="keys that do not go together",
        ),
        pytest.param(
            "name: example\ntank:\n  size: 1KiB\n  count: 1001\n",
            "plant.yaml:4: tank.count: found 1001, expected 1000 at most",
            id="beyond the range",
        ),
        pytest.param(
            "name: example\ntank:\n  size: 2GiB\n  count: 2\n",
            "plant.yaml:3: tank.size: found '2GiB', expected 1B to 1GiB",
            id="quantity beyond the range",
        ),
        pytest.param(
            "name: ' '\n" + GOOD[14:], "plant.yaml:1: name: found ' ', expected 1 character at least", id="no name"
        ),
        pytest.param(
            f"name: {'x' * 201}\n" + GOOD[14:],
            f"plant.yaml:1: name: found {quoted('x' * 201)}, expected 200 characters at most",
            id="long name",
        ),
        pytest.param(
            'name: "a\\e[2J"\n' + GOOD[14:],
            "plant.yaml:1: name: found 'a\\x1b[2J', expected one line of visible characters",
            id="name that the terminal would obey",
        ),
        pytest.param(
            GOOD + "name: again\n",
            'plant.yaml:5: not YAML: found duplicate key "name" with value "again" (original value: "example")',
            id="duplicate key",
        ),
        pytest.param("- name\n", "plant.yaml:1: found a list, expected a mapping of keys to values", id="list"),
        pytest.param("", "plant.yaml:1: found nothing, expected a mapping of keys to values", id="empty"),
        pytest.param("hello\n", "plant.yaml:1: found 'hello', expected a mapping of keys to values", id="scalar"),
        pytest.param(
            "name: example\ntank: {size: 1B\nmode: fast\n",
            "plant.yaml:3: not YAML: expected ',' or '}', but got ':'",
            id="syntax error",
        ),
    ],
)
def test_a_mistake_is_one_line_with_its_place(text: str, message: str) -> None:
    assert mistakes(text) == message


def test_all_mistakes_are_reported_at_once() -> None:
    assert mistakes("tank:\n  size: 5\n  count: 0\nmood: fast\n").splitlines() == [
        "plant.yaml:1: name: is missing",
        "plant.yaml:2: tank.size: found 5, expected a quantity with a unit such as '2MiB'",
        "plant.yaml:3: tank.count: found 0, expected 1 at least",
        "plant.yaml:4: mood: unknown key, expected one of name, tank, mode, fused, spare, others, speeds; "
        "did you mean 'mode'?",
    ]


def test_a_part_of_a_document_is_checked_on_its_own() -> None:
    document = read_document(write("anything: goes\ntank:\n  size: 1KiB\n  count: none\n"))
    with pytest.raises(InputError) as caught:
        document.check(Tank, at=["tank"])
    assert str(caught.value) == "plant.yaml:4: tank.count: found 'none', expected a valid integer"


def test_a_missing_file() -> None:
    with pytest.raises(InputError) as caught:
        read_document(Path("nowhere.yaml"))
    assert str(caught.value) == "nowhere.yaml: no such file"


def test_a_file_that_is_no_text() -> None:
    Path("image.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"^image\.yaml:1: found the byte 0xff, expected UTF-8"):
        read_document(Path("image.yaml"))


class TestExtends:
    """A document over others."""

    def test_mappings_merge_and_values_replace(self) -> None:
        write(GOOD + "mode: slow\nothers: [{size: 1B, count: 1}]\n", "base.yaml")
        plant = load("extends: base.yaml\nname: bigger\ntank: {count: 4}\nothers: []\n")
        assert plant == Plant.model_construct(
            name="bigger", tank=Tank.model_construct(size=1024, count=4), mode="slow", others=[]
        )

    def test_the_base_is_found_beside_the_file_that_names_it(self) -> None:
        write(GOOD, "bases/first.yaml")
        write("extends: first.yaml\nmode: slow\n", "bases/second.yaml")
        plant = load("extends: bases/second.yaml\nfused: false\n")
        assert (plant.name, plant.mode, plant.fused) == ("example", "slow", False)

    @pytest.mark.parametrize(
        ("files", "message"),
        [
            pytest.param(
                {"plant.yaml": "name: x\nextends: nowhere.yaml\n"},
                "plant.yaml:2: extends: found 'nowhere.yaml', expected a file beside this one",
                id="missing base",
            ),
            pytest.param(
                {"plant.yaml": "extends: 5\n"},
                "plant.yaml:1: extends: found 5, expected a file beside this one",
                id="not a name",
            ),
            pytest.param(
                {"plant.yaml": "extends: plant.yaml\n"},
                "plant.yaml:1: extends: 'plant.yaml' extends this file in turn",
                id="itself",
            ),
            pytest.param(
                {"plant.yaml": "extends: other.yaml\n", "other.yaml": "\nextends: plant.yaml\n"},
                "other.yaml:2: extends: 'plant.yaml' extends this file in turn",
                id="cycle of two",
            ),
            pytest.param(
                {"plant.yaml": "extends: base.yaml\n", "base.yaml": "name: x\nname: y\n"},
                'base.yaml:2: not YAML: found duplicate key "name" with value "y" (original value: "x")',
                id="base that is no YAML",
            ),
            pytest.param(
                {"plant.yaml": "extends: base.yaml\nmode: slow\n", "base.yaml": GOOD + "fused: 1\n"},
                "base.yaml:5: fused: found 1, expected a valid boolean",
                id="mistake in the base",
            ),
            pytest.param(
                {"plant.yaml": "extends: base.yaml\n\ntank:\n  count: 0\n", "base.yaml": GOOD},
                "plant.yaml:4: tank.count: found 0, expected 1 at least",
                id="mistake laid over a good base",
            ),
        ],
    )
    def test_mistakes_are_placed_in_the_file_that_has_them(self, files: dict[str, str], message: str) -> None:
        for name, text in files.items():
            write(text, name)
        with pytest.raises(InputError) as caught:
            read_document(Path("plant.yaml")).check(Plant)
        assert str(caught.value) == message


class TestOverrides:
    """Assignments from the command line."""

    @pytest.mark.parametrize(
        ("overrides", "expected"),
        [
            pytest.param(["tank.count=1"], (1, 1024, "fast", None), id="in a part"),
            pytest.param(["tank.size=2KiB", "mode=slow"], (2, 2048, "slow", None), id="two"),
            pytest.param(["tank.count=1", "tank.count=3"], (3, 1024, "fast", None), id="the last one counts"),
            pytest.param(["tank={size: 8B, count: 5}"], (5, 8, "fast", None), id="a whole part"),
            pytest.param(["spare.size=1B", "spare.count=9"], (2, 1024, "fast", 9), id="a part that was not there"),
        ],
    )
    def test_the_value_is_yaml(self, overrides: list[str], expected: tuple[int, int, str, int | None]) -> None:
        plant = load(GOOD, *overrides)
        spare = plant.spare.count if plant.spare else None
        assert (plant.tank.count, plant.tank.size, plant.mode, spare) == expected

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            pytest.param("tank.count", "--set tank.count: must be path=value", id="no value"),
            pytest.param("=3", "--set =3: must be path=value", id="no path"),
            pytest.param("tank..count=3", "--set tank..count=3: must be path=value", id="hole in the path"),
            pytest.param(
                "tank.count=[1",
                "--set tank.count=[1:1: not YAML: expected ',' or ']', but got '<stream end>'",
                id="value is no YAML",
            ),
            pytest.param(
                "tank.count=none",
                "--set tank.count=none: tank.count: found 'none', expected a valid integer",
                id="wrong value",
            ),
            pytest.param(
                "tank={size: 8B}", "--set tank={size: 8B}: tank.count: is missing", id="what it leaves out of a part"
            ),
            pytest.param(
                "tank.cuont=3",
                "--set tank.cuont=3: tank.cuont: unknown key, expected one of size, count; did you mean 'count'?",
                id="unknown key",
            ),
            pytest.param(
                "name.first=x",
                "--set name.first=x: name: found {'first': 'x'}, expected a valid string",
                id="path through a value",
            ),
            pytest.param(
                "tank.count=5",
                "--set tank.count=5: tank.count: size times count must be 4096 bytes at most",
                id="does not go with another key",
            ),
        ],
    )
    def test_a_mistake_blames_the_override(self, override: str, message: str) -> None:
        assert mistakes(GOOD, override) == message

    @pytest.mark.parametrize(
        ("files", "overrides", "place"),
        [
            pytest.param({}, ["tank.size=4KiB"], "--set tank.size=4KiB: tank.size", id="the one that was set"),
            pytest.param({}, ["tank.size=4KiB", "mode=slow"], "--set tank.size=4KiB: tank.size", id="of two"),
            pytest.param(
                {}, ["tank={size: 2KiB, count: 3}"], "--set tank={size: 2KiB, count: 3}: tank.count", id="all"
            ),
            pytest.param({"tank: {size: 4KiB}": GOOD}, [], "plant.yaml:2: tank.size", id="the one in the nearest file"),
            pytest.param({"mode: slow": GOOD.replace("1K", "4K")}, [], "base.yaml:4: tank.count", id="the first"),
        ],
    )
    def test_of_keys_that_do_not_go_together_the_one_that_the_user_set(
        self, files: dict[str, str], overrides: list[str], place: str
    ) -> None:
        text = GOOD
        for over, base in files.items():
            write(base, "base.yaml")
            text = f"extends: base.yaml\n{over}\n"
        assert mistakes(text, *overrides) == f"{place}: size times count must be 4096 bytes at most"

    def test_a_mistake_of_the_file_does_not(self) -> None:
        assert mistakes(GOOD + "fused: 1\n", "mode=slow") == "plant.yaml:5: fused: found 1, expected a valid boolean"

    def test_names_of_operations_have_dots(self) -> None:
        document = read_document(write("mapping: {place: {a.b: simd}}"))
        document.override("mapping.place.in_proj.x=mac_array")
        assert document.data == {"mapping": {"place": {"a.b": "simd", "in_proj.x": "mac_array"}}}
        assert str(document.problem(["mapping", "place", "in_proj.x"], "no")).startswith(
            "--set mapping.place.in_proj.x="
        )
        assert str(document.problem(["mapping", "place", "a.b"], "no")) == "plant.yaml:1: mapping.place.a.b: no"

    def test_a_value_may_hold_an_equals_sign(self) -> None:
        assert split_assignment("name=a=b") == ("name", "a=b")
