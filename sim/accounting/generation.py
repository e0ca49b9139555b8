"""A prompt and its answer: what each of the two took, when the first token was there, and how long each other one took.

The prompt's phase gives the first token of the answer; each of the others is a run of its own, which begins with the
state and the keys and values that those before have left.
"""

from __future__ import annotations

from collections import Counter

from hw.energy.actions import Actions
from hw.energy.model import EnergyModel
from hw.machine import MachineSpec
from sim.accounting.breakdown import Runs
from sim.accounting.energy import FEMTO
from sim.accounting.result import Generation, PhaseReport, TokensReport
from sim.accounting.unit_accounts import dram_bytes, makespan_of, unit_accounts
from sim.lowering.actions import counted


def generation_report(machine: MachineSpec, runs: Runs, tokens: int) -> Generation:
    """What the phases of *runs* took, which produce so many *tokens* in all sequences."""
    by_phase: dict[str, list[int]] = {}
    for number, (section, _) in enumerate(runs):
        by_phase.setdefault(section.stack.spec.phase, []).append(number)
    phases = {phase: _phase(machine, [runs[number] for number in numbers]) for phase, numbers in by_phase.items()}
    first = phases["prefill"].seconds
    answers = _answers(machine, runs)
    later = sum(each.tokens for each in answers)
    return Generation(
        seconds_to_first_token=first,
        seconds_per_later_token=sum(each.tokens * each.seconds for each in answers) / later if later else None,
        tokens=tokens,
        later_tokens=answers,
        phases=phases,
    )


def _phase(machine: MachineSpec, runs: Runs) -> PhaseReport:
    sections, makespan = [section for section, _ in runs], makespan_of(runs)
    actions, operations = Actions(), Counter[str]()
    for section in sections:
        actions.add(counted(section.stack, section.costs, section.inventory, section.program))
        operations.update(section.stack.operations)
    energy = EnergyModel(machine).energy(actions, operations, makespan)
    return PhaseReport(
        makespan_cycles=makespan,
        seconds=makespan / machine.clock,
        energy_mj=energy.total.at(machine.energy.level) / FEMTO * 1000,
        dram_bytes=sum(dram_bytes(sections)),
        units=unit_accounts(machine, runs),
    )


def _answers(machine: MachineSpec, runs: Runs) -> list[TokensReport]:
    """The tokens of the answer but the first, those in a row that took equally long together."""
    cycles: Counter[int] = Counter()
    for section, spent in runs:
        stack = section.stack
        if stack.spec.phase == "decode":
            for number in stack.answers:
                cycles[number] += spent.makespan // len(stack.answers)
    found: list[TokensReport] = []
    for number in sorted(cycles):
        seconds = cycles[number] / machine.clock
        if found and found[-1].seconds == seconds:
            found[-1] = found[-1].model_copy(update={"tokens": found[-1].tokens + 1})
        else:
            found.append(TokensReport(first=number, tokens=1, seconds=seconds))
    return found
