"""Accounts add up, reason by reason."""

from __future__ import annotations

from hw.accounts import Accounts


def test_a_wait_of_no_cycles_leaves_no_reason() -> None:
    accounts = Accounts()
    accounts.stall("late", 3)
    accounts.stall("late", 4)
    accounts.stall("early", 0)
    assert (accounts.busy, accounts.stalls) == (0, {"late": 7})


def test_others_are_added_and_left_alone() -> None:
    first, second = Accounts(5, {"late": 2}), Accounts(7, {"late": 1, "full": 4})
    total = Accounts.total([first, second, Accounts()])
    assert (total.busy, total.stalls) == (12, {"late": 3, "full": 4})
    assert (first.busy, first.stalls) == (5, {"late": 2})
    assert (second.busy, second.stalls) == (7, {"late": 1, "full": 4})


def test_a_total_of_nothing_is_nothing() -> None:
    total = Accounts.total([])
    assert (total.busy, total.stalls) == (0, {})


def test_accounts_do_not_share_their_reasons() -> None:
    one, other = Accounts(), Accounts()
    one.stall("late", 1)
    assert other.stalls == {}
