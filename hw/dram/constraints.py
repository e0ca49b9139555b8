"""What a channel's timing rules allow, command by command: the table of rules.py at work."""

from __future__ import annotations

from array import array
from typing import Final

from hw.dram.rules import ACT1, Command, rules
from hw.dram.timing import Timing

COMMANDS: Final = len(Command)


class Constraints:
    """The first clock of every command in every place of one channel: its banks, its bank groups, the whole of it."""

    __slots__ = (
        "_activations", "_at", "_banks", "_channel", "_clocks", "_faw", "_following", "_groups", "_recent", "_scopes",
        "_starts",
    )  # fmt: skip

    def __init__(self, timing: Timing) -> None:
        self._banks = timing.organisation.banks
        self._groups = timing.organisation.bank_groups
        self._channel = self._banks + self._groups  # the place behind those of banks and bank groups
        # the rules by the command in front, and where those of each command begin
        listed = sorted((r.preceding, r.scope, r.following, r.clocks) for r in rules(timing) if r.window == 1)
        self._starts = array("q", [sum(row[0] < command for row in listed) for command in range(COMMANDS + 1)])
        self._scopes, self._following, self._clocks = (array("q", [row[i] for row in listed]) for i in (1, 2, 3))
        self._at = array("q", [0]) * ((self._channel + 1) * COMMANDS)  # [place, command] first clock
        self._faw = timing.faw  # the only rule with a window: over four activations
        self._recent = array("q", [0]) * 4  # clocks of the last four, in turn
        self._activations = 0

    def earliest(self, command: int, bank: int) -> int:
        """The first clock at which *command* may go to *bank*: the latest that its bank, group and channel allow."""
        first = self._at[bank * COMMANDS + command]
        group = self._at[(self._banks + bank % self._groups) * COMMANDS + command]
        whole = self._at[self._channel * COMMANDS + command]
        return max(first, group, whole)

    def issued(self, command: int, bank: int, clock: int) -> None:
        """*command* goes to *bank* at *clock*: every rule with it in front holds back the command behind."""
        group = self._banks + bank % self._groups
        for number in range(self._starts[command], self._starts[command + 1]):
            scope = self._scopes[number]
            place = bank if scope == 0 else group if scope == 1 else self._channel
            key = place * COMMANDS + self._following[number]
            self._at[key] = max(self._at[key], clock + self._clocks[number])
        if command == ACT1:
            self._recent[self._activations % 4] = clock
            self._activations += 1
            if self._activations >= 4:
                key = self._channel * COMMANDS + ACT1
                self._at[key] = max(self._at[key], self._recent[self._activations % 4] + self._faw)
