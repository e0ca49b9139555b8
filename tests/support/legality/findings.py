"""What a check found wrong, and what it could not look at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MOST_SHOWN = 5  # findings of a kind that are spelt out; the rest are counted


@dataclass(frozen=True)
class Finding:
    """Something illegal: the *check* that noticed it, which *kind* of fault it is, and where."""

    check: str
    kind: str
    where: str


@dataclass
class Verdict:
    """What all checks found, how many facts each of them compared, and what they could not check of this run."""

    findings: list[Finding] = field(default_factory=list)
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)
    unchecked: dict[str, str] = field(default_factory=dict)

    @property
    def legal(self) -> bool:
        """Whether nothing was found."""
        return not self.counted

    @property
    def kinds(self) -> set[str]:
        """The kinds of faults that were found."""
        return {kind for _, kind in self.counted}

    def found(self, check: str, kind: str, where: object) -> None:
        """A fault; *where* is a text, something that has ``words``, or several of these."""
        self.counted[check, kind] += 1
        if self.counted[check, kind] <= MOST_SHOWN:
            self.findings.append(Finding(check, kind, _spelt(where)))

    def equal(self, check: str, kind: str, where: object, found: object, expected: object) -> None:
        """Compare two values, which must be equal."""
        self.compared[check] += 1
        if found != expected:
            self.found(check, kind, (where, f"found {found}, expected {expected}"))

    def holds(self, check: str, kind: str, where: object, true: bool) -> None:
        """A condition must be true."""
        self.compared[check] += 1
        if not true:
            self.found(check, kind, where)

    def skip(self, what: str, why: str) -> None:
        """Say that *what* could not be checked."""
        self.unchecked.setdefault(what, why)

    def words(self) -> str:
        """All of it, a line each."""
        lines = [f"{'legal' if self.legal else 'NOT LEGAL'}: {sum(self.compared.values()):,} facts compared"]
        lines += [f"  {check}: {count:,}" for check, count in sorted(self.compared.items())]
        lines += [f"not checked: {what}: {why}" for what, why in self.unchecked.items()]
        for each in self.findings:
            lines.append(f"{each.check}: {each.kind}: {each.where}")
        for (check, kind), count in self.counted.items():
            if count > MOST_SHOWN:
                lines.append(f"{check}: {kind}: {count:,} in all")
        return "\n".join(lines)


def _spelt(where: object) -> str:
    if isinstance(where, tuple):
        return ": ".join(map(_spelt, where))
    return str(getattr(where, "words", where))
