"""Mistakes as users read them: one line each, with what is known of their place."""

from __future__ import annotations

import pickle

import pytest

from sim.files.errors import DeadlockError, InputError, MappingError, Problem, quoted


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        pytest.param(Problem("is missing"), "is missing", id="message"),
        pytest.param(Problem("is missing", key="a.b"), "a.b: is missing", id="key"),
        pytest.param(Problem("is missing", "f.yaml"), "f.yaml: is missing", id="file"),
        pytest.param(Problem("is missing", "f.yaml", 7), "f.yaml:7: is missing", id="line"),
        pytest.param(Problem("is missing", "f.yaml", 7, "a.b"), "f.yaml:7: a.b: is missing", id="all"),
        pytest.param(Problem("is missing", line=7), "is missing", id="a line of no file"),
        pytest.param(
            Problem("found \x1b[31m\n", "\u202ef\udcff"), "\\u202ef\\udcff: found \\x1b[31m\\n", id="not to be seen"
        ),
        pytest.param(Problem("x" * 601), "x" * 300 + " ... " + "x" * 300, id="long"),
    ],
)
def test_a_problem_is_a_line(problem: Problem, line: str) -> None:
    assert str(problem) == line


def test_an_input_error_has_a_line_for_every_problem() -> None:
    problems = Problem("is missing", "f.yaml", 1, "name"), Problem("unknown key", "f.yaml", 4, "naem")
    error = InputError(*problems)
    assert error.problems == problems
    assert str(error) == "f.yaml:1: name: is missing\nf.yaml:4: naem: unknown key"
    assert isinstance(error, ValueError)


def test_a_wrong_name_is_wrong_whatever_else_is_said() -> None:
    wrong = Problem("unknown key", unknown=True)
    assert InputError(Problem("is missing"), wrong).names_nothing
    assert not InputError(Problem("unknown key")).names_nothing
    assert pickle.loads(pickle.dumps(InputError(wrong))).names_nothing


def test_a_misfit_names_its_entry_until_somebody_knows_the_line() -> None:
    misfits = (
        ([("mapping", "place", "conv")], "unknown operation"),
        ([("mapping", "blocks"), ("mapping", "lanes")], "must divide the 4 heads"),
    )
    error = MappingError(*misfits)
    assert error.misfits == misfits
    assert str(error) == "mapping.place.conv: unknown operation\nmapping.blocks: must divide the 4 heads"
    assert [problem.file for problem in error.problems] == ["", ""]
    assert isinstance(error, InputError)


def test_a_deadlock_is_no_mistake_of_the_user() -> None:
    assert not issubclass(DeadlockError, InputError)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("on", "'on'", id="text"),
        pytest.param({"a": [1, None]}, "{'a': [1, None]}", id="mapping"),
        pytest.param("x" * 200, "'" + "x" * 47 + "..." + "x" * 48 + "'", id="long text"),
        pytest.param(list(range(9)), "[0, 1, 2, 3, 4, 5, ...]", id="long list"),
    ],
)
def test_what_was_found_is_quoted(value: object, text: str) -> None:
    assert quoted(value) == text


def test_what_a_worker_raises_is_what_its_user_sees() -> None:
    mistake = InputError(Problem("found 1, expected 2", "a.yaml", 1, "key"), Problem("is missing", key="name"))
    misfit = MappingError(([("mapping", "blocks"), ("batch",)], "does not fit"))
    for error in (mistake, misfit):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and str(again) == str(error)
        assert again.problems == error.problems
    assert pickle.loads(pickle.dumps(misfit)).misfits == misfit.misfits
