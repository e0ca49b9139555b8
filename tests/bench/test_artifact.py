"""What an evaluator runs: hashes in the page are those of what is printed."""

from __future__ import annotations

from bench.artifact import STEPS, TARGET, Done, Step, differences, done, page


def test_a_step_is_told_by_its_hash_and_a_difference_is_found() -> None:
    step = Step("python -m sim count mamba2 --layers 1 --json - -q", "counts")
    found = done(step)
    assert found.digest == done(step).digest
    written = page([found])
    assert differences([found], written) == []
    assert differences([Done(step, 0.0, "0" * 64)], written) == [step.command]


def test_the_page_has_every_step_and_some_hold_now() -> None:
    text = TARGET.read_text(encoding="utf-8")
    assert all(f"`{step.command}`" in text for step in STEPS)
    quick = [step for step in STEPS if " count " in step.command or step.command.endswith("run mamba2_ssd --json - -q")]
    assert len(quick) == 2
    assert differences([done(step) for step in quick], text) == []
