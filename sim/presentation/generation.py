"""A prompt and its answer in words."""

from __future__ import annotations

from sim.accounting.result import Generation, PhaseReport
from sim.files.numbers import joules, plural, seconds


def answer_words(found: Generation) -> str:
    """When the first token was there and how long the others took; what the prompt took, and what the others."""
    words = [f"first token after {seconds(found.seconds_to_first_token)}"]
    if found.seconds_per_later_token is not None:
        later = [each.seconds for each in found.later_tokens]
        count = sum(each.tokens for each in found.later_tokens)
        each = f"{seconds(found.seconds_per_later_token)} each"
        each += f", from {seconds(min(later))} to {seconds(max(later))}" if len(later) > 1 else ""
        words.append(f"then {plural(count, 'token')} in {each}")
    phases = ", ".join(f"{name} {_phase_words(phase)}" for name, phase in found.phases.items())
    return f"{', '.join(words)}; {phases}"


def _phase_words(phase: PhaseReport) -> str:
    """Energy of a phase, and the unit that is busy for most of it."""
    unit = max(phase.units, key=lambda name: phase.units[name].busy_cycles * (not name.startswith("sram")))
    share = phase.units[unit].busy_cycles / phase.makespan_cycles
    return f"{joules(phase.energy_mj / 1000)} ({unit} busy {share:.0%})"
