"""What a channel's timing rules allow, command by command: the table of timing.py at work."""

from __future__ import annotations

from array import array
from typing import Final

from hw.dram.timing import ACT1, BANK_GROUPS, BANKS, Command, Timing, rules

COMMANDS: Final = len(Command)
CHANNEL: Final = BANKS + BANK_GROUPS  # places where rules hold: the banks, then the bank groups, then the channel


class Constraints:
    """The first clock of every command in every place of one channel."""

    __slots__ = ("_activations", "_at", "_clocks", "_faw", "_following", "_recent", "_scopes", "_starts")

    def __init__(self, timing: Timing) -> None:
        # the rules by the command in front, and where those of each command begin
        listed = sorted((r.preceding, r.scope, r.following, r.clocks) for r in rules(timing) if r.window == 1)
        self._starts = array("q", [sum(row[0] < command for row in listed) for command in range(COMMANDS + 1)])
        self._scopes, self._following, self._clocks = (array("q", [row[i] for row in listed]) for i in (1, 2, 3))
        self._at = array("q", [0]) * ((CHANNEL + 1) * COMMANDS)  # [place, command] first clock
        self._faw = timing.faw  # the only rule with a window: over four activations
        self._recent = array("q", [0]) * 4  # clocks of the last four, in turn
        self._activations = 0

    def earliest(self, command: int, bank: int) -> int:
        """The first clock at which *command* may go to *bank*: the latest that its bank, group and channel allow."""
        first = self._at[bank * COMMANDS + command]
        group = self._at[(BANKS + bank % BANK_GROUPS) * COMMANDS + command]
        whole = self._at[CHANNEL * COMMANDS + command]
        return max(first, group, whole)

    def issued(self, command: int, bank: int, clock: int) -> None:
        """*command* goes to *bank* at *clock*: every rule with it in front holds back the command behind."""
        for number in range(self._starts[command], self._starts[command + 1]):
            scope = self._scopes[number]
            place = bank if scope == 0 else BANKS + bank % BANK_GROUPS if scope == 1 else CHANNEL
            key = place * COMMANDS + self._following[number]
            self._at[key] = max(self._at[key], clock + self._clocks[number])
        if command == ACT1:
            self._recent[self._activations % 4] = clock
            self._activations += 1
            if self._activations >= 4:
                key = CHANNEL * COMMANDS + ACT1
                self._at[key] = max(self._at[key], self._recent[self._activations % 4] + self._faw)
