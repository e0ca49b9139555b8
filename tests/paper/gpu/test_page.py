"""The page of what was measured on GPUs: its sections, and what of it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.paper.gpu.page import SECTIONS, page, write_gpu
from tests.support.command_line import call
from tests.support.gpu import rough_runs
from tests.support.gpus import gpu, measurements, three_cards


def test_everything_that_was_measured_is_there(tmp_path: Path) -> None:
    write_gpu(three_cards(tmp_path), rough_runs())
    text = (tmp_path / "gpu.md").read_text()
    assert all(f"\n## {title}\n" in text for title in SECTIONS)
    for said in (
        "| card | NVIDIA H100 80GB HBM3 | NVIDIA H100 80GB HBM3 | Another GPU |",
        "`python -m bench.gpu`, stallscope 0.9.0, python 3.12.3, torch 2.11.0+cu130",
        "| [h100-a](gpu/h100-a.json) | mamba1 | torch operations | plain | 48 | 1,024 | 2 s | 1.98 s to 2.1 s | 512 |",
        "| mamba2-780m | mamba-ssm | `chunk_fwd<bf16, 64 \\| 64>` | 1 | 120 | 80% |",
        "| mamba3-mimo-894m against mamba3-siso-893m | graph | never | -9.1 % at B = 1, -9.1 % at 512 |",
        "| [other](gpu/other.json) | mamba2, fused kernel of ours | 3.0e-04 |",
        "its kernel did not compile ([h100-b](gpu/h100-b.json))",
        "2 files of 2 cards, [h100-a](gpu/h100-a.json), [h100-b](gpu/h100-b.json).",
    ):
        assert said in text, said


@pytest.mark.parametrize("lacking", [key for key, value in gpu().items() if isinstance(value, list)])
def test_what_is_missing_is_not_measured(lacking: str) -> None:
    text = page({"gpu/a.json": measurements(**{lacking: []})}, rough_runs())
    assert all(f"\n## {title}\n" in text for title in SECTIONS)


def test_a_card_of_which_nothing_is_known_fails_nothing() -> None:
    only = {key: value for key, value in gpu().items() if not isinstance(value, list)}
    least = {key: only["card"][key] for key in ("name", "fingerprint", "multiprocessors", "memory_bytes", "l2_bytes")}
    empty = measurements().model_validate(only | {"card": least, "missing": {}})
    text = page({"gpu/a.json": empty}, rough_runs())
    assert text.count("\nNot measured.\n") == 6 and "| clock at most | not measured |" in text


def test_without_files_the_page_says_so(tmp_path: Path) -> None:
    code, output, _ = call("reproduce", "gpu", "-o", str(tmp_path))
    assert code == 0 and output == f"{tmp_path / 'gpu.md'}\n"
    assert "Not measured: there is no file in `gpu/` beside this page." in (tmp_path / "gpu.md").read_text()


def test_the_fullest_file_of_a_model_of_card_is_shown() -> None:
    part = measurements(decode=[], attention=[])
    text = page({"gpu/a.json": part, "gpu/b.json": measurements(), "gpu/c.json": measurements()}, rough_runs())
    _, copies = text.split("\n## Launches, copies and products\n")
    copies, _ = copies.split("\n## State updates of a prompt\n")
    assert "[b](gpu/b.json)" in copies and "gpu/a.json" not in copies and "gpu/c.json" not in copies
    assert "3 files of 1 card, [a](gpu/a.json), [b](gpu/b.json), [c](gpu/c.json)." in text
