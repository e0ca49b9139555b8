"""YAML as data: what is kept, what is refused with its line, and that no text takes long."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.errors import InputError
from sim.files.yaml_text import DEEPEST, MOST_BYTES, MOST_NODES, parse_yaml, read_yaml

BILLION = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "data", "lines"),
    [
        pytest.param("", None, {}, id="nothing"),
        pytest.param("a: 1\nb:\n  c: [x, 2]\n", {"a": 1, "b": {"c": ["x", 2]}},
                     {("a",): 1, ("b",): 2, ("b", "c"): 3, ("b", "c", 0): 3, ("b", "c", 1): 3}, id="lines"),
        pytest.param("a: on\nb: 1e3\nc: 0o17\nd: null", {"a": "on", "b": 1000.0, "c": 15, "d": None},
                     {("a",): 1, ("b",): 2, ("c",): 3, ("d",): 4}, id="YAML 1.2"),
        pytest.param("a: 2001-01-01\nb: 2001-99-99", {"a": "2001-01-01", "b": "2001-99-99"},
                     {("a",): 1, ("b",): 2}, id="dates are text"),
        pytest.param("true: a\n0x10: b\nnull: c", {"true": "a", "0x10": "b", "null": "c"},
                     {("true",): 1, ("0x10",): 2, ("null",): 3}, id="keys are text"),
        pytest.param("a: &a {x: 1}\nb: *a\nc:\n  <<: *a\n  y: 2", {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2}},
                     {("a",): 1, ("a", "x"): 1, ("b",): 2, ("b", "x"): 1, ("c",): 3, ("c", "<<"): 4,
                      ("c", "<<", "x"): 1, ("c", "y"): 5}, id="aliases and merge keys"),
        pytest.param("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2},
                     {("a",): 1, ("b",): 2, ("c",): 3}, id="an anchor again"),
        pytest.param("a: !!str 1", {"a": "1"}, {("a",): 1}, id="text by its tag"),
    ],
)  # fmt: skip
def test_what_a_text_says(text: str, data: object, lines: dict[tuple[str | int, ...], int]) -> None:
    assert parse_yaml(text, "f") == (data, lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: [1", "f:1: not YAML: expected ',' or ']', but got '<stream end>'", id="unclosed"),
        pytest.param("a: 1\na: 2", "f:2: not YAML: found duplicate key", id="duplicate key"),
        pytest.param("a: 1\n---\nb: 2", "f:2: not YAML: but found another document", id="two documents"),
        pytest.param("a: \x01", "f: not YAML: unacceptable character #x0001", id="control character"),
        pytest.param(
            "a: 1\nb: !!int x", "f:2: found the tag 'tag:yaml.org,2002:int' at 'x', expected none", id="no int"
        ),
        pytest.param("a: !!bool x", "f:1: found the tag 'tag:yaml.org,2002:bool' at 'x'", id="no bool"),
        pytest.param("a: !!binary x", "f:1: found the tag 'tag:yaml.org,2002:binary'", id="binary"),
        pytest.param("a: !!set {x}", "f:1: found the tag 'tag:yaml.org,2002:set'", id="set"),
        pytest.param("!!python/object:os.system x", "f:1: found the tag", id="python"),
        pytest.param("a: 1\n? [b]\n: 2", "f:2: found a list or mapping as key", id="list as key"),
        pytest.param("a: " + "9" * 5000, "f:1: found a number of 5,000 digits", id="digits"),
        pytest.param('a: "\\ud800"', "f:1: found '\\ud800', which is no text", id="lone surrogate"),
        pytest.param(
            "[&a [*a]]", "f:1: an alias stands for a list or mapping that it is part of", id="alias in itself"
        ),
        pytest.param("a: &a\n  <<: *a", "f:2: an alias stands for", id="merged with itself"),
        pytest.param("[" * 3000, f"f:1: nests more than {DEEPEST} lists", id="brackets"),
        pytest.param("\n".join(" " * n + "a:" for n in range(99)), "f:32: nests more than", id="indented"),
        pytest.param(BILLION, f"f:4: says more than {MOST_NODES:,} keys and values", id="a billion"),
        pytest.param("[" + "1," * 100_000 + "]", "f:1: says more than", id="long list"),
        pytest.param("#" * (MOST_BYTES + 1), f"f: is longer than {MOST_BYTES:,} bytes", id="long text"),
        pytest.param("<<: 1", "f:1: not YAML: expected a mapping or list of mappings for merging", id="merge of 1"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "f")
    assert str(caught.value).startswith(message)
    assert len(caught.value.problems) == 1 and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"a: 1\nb: \xff", "f:2: found the byte 0xff, expected UTF-8", id="not UTF-8"),
        pytest.param(b"#" * (MOST_BYTES + 1), f"f: is longer than {MOST_BYTES:,} bytes", id="long"),
        pytest.param(None, "f: no such file", id="missing"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "f.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_yaml(path, "f")


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^f: cannot be read: Is a directory"):
        read_yaml(tmp_path, "f")
