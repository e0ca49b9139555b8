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
        "_activations", "_at", "_channel", "_clocks", "_faw", "_following", "_group", "_recent", "_scopes", "_starts",
    )  # fmt: skip

    def __init__(self, timing: Timing) -> None:
        banks, groups = timing.organisation.banks, timing.organisation.bank_groups
        # where in _at the bank group of each bank begins, and the channel, behind the banks
        self._group = array("q", [(banks + bank % groups) * COMMANDS for bank in range(banks)])
        self._channel = (banks + groups) * COMMANDS
        # the rules by the command in front, and where those of each command begin
        listed = sorted((r.preceding, r.scope, r.following, r.clocks) for r in rules(timing) if r.window == 1)
        self._starts = array("q", [sum(row[0] < command for row in listed) for command in range(COMMANDS + 1)])
        self._scopes, self._following, self._clocks = (array("q", [row[i] for row in listed]) for i in (1, 2, 3))
        self._at = array("q", [0]) * (self._channel + COMMANDS)  # [place, command] first clock
        self._faw = timing.faw  # the only rule with a window: over four activations
        self._recent = array("q", [0]) * 4  # clocks of the last four, in turn
        self._activations = 0

    def earliest(self, command: int, bank: int) -> int:
        """The first clock at which *command* may go to *bank*: the latest that its bank, group and channel allow."""
        first = self._at[bank * COMMANDS + command]
        group = self._at[self._group[bank] + command]
        whole = self._at[self._channel + command]
        return max(first, group, whole)

    def issued(self, command: int, bank: int, clock: int) -> None:
        """*command* goes to *bank* at *clock*: every rule with it in front holds back the command behind."""
        for number in range(self._starts[command], self._starts[command + 1]):
            scope = self._scopes[number]
            place = bank * COMMANDS if scope == 0 else self._group[bank] if scope == 1 else self._channel
            key = place + self._following[number]
            self._at[key] = max(self._at[key], clock + self._clocks[number])
        if command == ACT1:
            self._recent[self._activations % 4] = clock
            self._activations += 1
            if self._activations >= 4:
                key = self._channel + ACT1
                self._at[key] = max(self._at[key], self._recent[self._activations % 4] + self._faw)
