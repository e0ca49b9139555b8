"""How the text of an equation is read, and each mistake in it."""

from __future__ import annotations

import pytest

from tests.support.equations import B, H, read
from workloads.expression import Apply, Condition, Cumulate, Number, Reference, Subscript, Sum, Where
from workloads.notation import parse_equation


def placed(subscript: Subscript) -> Reference:
    """x of this timestep at one *subscript*."""
    return Reference("x", (subscript,), 0)


XQ = read("x", "q", 0)
MIRRORED = Subscript("c", scale=-1, offset=1)


@pytest.mark.parametrize(
    ("text", "rhs"),
    [
        pytest.param("y[t] = 2", Number(2.0), id="number"),
        pytest.param("y[t] = -0.5", Number(-0.5), id="negative number"),
        pytest.param("y[t,i] = x[t,i]", read("x", "i", 0), id="same timestep"),
        pytest.param("y[t,i] = x[t-2,i]", read("x", "i", 2), id="two timesteps back"),
        pytest.param("y[t] = x[t-1]", read("x", "", 1), id="scalar of the past"),
        pytest.param("y[t,i] = W[i]", read("W", "i", None), id="parameter"),
        pytest.param("y[t,c] = x[t,1-c]", placed(MIRRORED), id="mirrored index"),
        pytest.param("y[t,n,c] = x[n,1-c]", Reference("x", (Subscript("n"), MIRRORED), None), id="mirrored parameter"),
        pytest.param("y[t,i] = sum(k, x[t-k,i])", Sum(("k",), read("x", "i", "k")), id="window"),
        pytest.param("y[t] = sum(i, n, h[t,i,n])", Sum(("i", "n"), H), id="sum over two indices"),
        pytest.param("y[t,n] = B[t,n] - 1", Apply("sub", (B, Number(1.0))), id="difference"),
        pytest.param("y[t,n] = 1 / exp(B[t,n])", Apply("div", (Number(1.0), Apply("exp", (B,)))), id="quotient"),
        pytest.param("y[t] = x[t,2]", placed(Subscript(None, offset=2)), id="one place"),
        pytest.param("y[t,q] = x[t,q-1]", placed(Subscript("q", offset=-1, shift=True)), id="shift"),
        pytest.param("y[t,q] = x[t,q+0]", placed(Subscript("q", shift=True)), id="part of an axis"),
        pytest.param("y[t,q] = x[t,2*q]", placed(Subscript("q", scale=2)), id="every other place"),
        pytest.param("y[t,q] = x[t,2*q+1]", placed(Subscript("q", scale=2, offset=1)), id="the others"),
        pytest.param("y[t,q] = x[t,q//2]", placed(Subscript("q", divisor=2)), id="each place twice"),
        pytest.param("y[t,q] = cumsum(q, x[t,q])", Cumulate("q", XQ), id="cumulative sum"),
        pytest.param(
            "y[t,q,s] = where(s <= q, x[t,q], 0)", Where(Condition("s", "<=", "q"), XQ, Number(0.0)), id="where"
        ),
        pytest.param(
            "y[t,q] = where(q % 2 == 1, 0, x[t,q])",
            Where(Condition("q", "==", 1, 2), Number(0.0), XQ),
            id="where, every other",
        ),
        pytest.param("y[t,n] = max(B[t,n], 0)", Apply("max", (B, Number(0.0))), id="maximum"),
    ],
)
def test_right_hand_sides_are_read(text: str, rhs: object) -> None:
    assert parse_equation(text).rhs == rhs


@pytest.mark.parametrize(
    ("short", "long"),
    [
        pytest.param("y[t,i] = -x[t,i]", "y[t,i] = 0 - x[t,i]", id="negation"),
        pytest.param("y[t,i] = relu(x[t,i])", "y[t,i] = max(x[t,i], 0)", id="relu"),
        pytest.param("y[t,i] = abs(x[t,i])", "y[t,i] = max(x[t,i], 0 - x[t,i])", id="magnitude"),
        pytest.param("y[t] = mean(i, n, h[t,i,n])", "y[t] = sum(i, n, h[t,i,n]) * 0.0625", id="mean"),
        pytest.param("y[t,i] = rsqrt(size(n)) * x[t,i]", "y[t,i] = 0.5 * x[t,i]", id="size"),
        pytest.param("y[t,i] = x[t,i] * (2 ** -3 + 1 / 8)", "y[t,i] = x[t,i] * 0.25", id="numbers alone"),
        pytest.param("y[t] = x[t,last(i)]", "y[t] = x[t,3]", id="last place"),
    ],
)
def test_what_is_short_for_what(short: str, long: str) -> None:
    sizes = {"i": 4, "n": 4}
    assert parse_equation(short, sizes).rhs == parse_equation(long, sizes).rhs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("y[t] + 1", "must be 'tensor[t,...] = expression', not 'y[t] + 1'", id="no equals sign"),
        pytest.param(
            "a[t] = b[t] = 1", "must be 'tensor[t,...] = expression', not 'a[t] = b[t] = 1'", id="two results at once"
        ),
        pytest.param("a[t] = 1; b[t] = 2", "must be 'tensor[t,...] = expression', not 'a[t] = 1; b[t] = 2'", id="two"),
        pytest.param("W[i] = x[t,i]", "must define a tensor at timestep t, not 'W[i] = x[t,i]'", id="parameter"),
        pytest.param("y[t-1] = 2", "must define a tensor at timestep t, not 'y[t-1] = 2'", id="defines the past"),
        pytest.param("y[t,1-c] = 2", "must define a tensor at timestep t, not 'y[t,1-c] = 2'", id="mirrored result"),
        pytest.param("y[t,i,i] = 2", "repeats an index of the result: 'y[t,i,i] = 2'", id="repeated index"),
        pytest.param(
            "y[t] = x[t,i,n]", "leaves i, n neither summed nor in the result: 'y[t] = x[t,i,n]'", id="free indices"
        ),
        pytest.param("y[t] = x[t-k]", "leaves k neither summed nor in the result: 'y[t] = x[t-k]'", id="free lag"),
        pytest.param("y[t] = x", "cannot read 'x' in 'y[t] = x'", id="tensor without subscripts"),
        pytest.param("y[t] = 'a'", "cannot read \"'a'\" in \"y[t] = 'a'\"", id="string"),
        pytest.param("y[t] = x[t] ** 2", "cannot read 'x[t] ** 2' in 'y[t] = x[t] ** 2'", id="unknown operator"),
        pytest.param("y[t] = +x[t]", "cannot read '+x[t]' in 'y[t] = +x[t]'", id="unary plus"),
        pytest.param("y[t] = erf(x[t])", "cannot read 'erf(x[t])' in 'y[t] = erf(x[t])'", id="unknown function"),
        pytest.param(
            "y[t,i] = x[t,i] - sum(i, x[t,i])",
            "sums over i, which the result has: sum over another index that is as long:"
            " 'y[t,i] = x[t,i] - sum(i, x[t,i])'",
            id="sum over an index of the result",
        ),
        pytest.param("y[t] = size(j)", "no size is given for j: 'y[t] = size(j)'", id="size of an unknown axis"),
        pytest.param(
            "y[t] = 1 / 0 * x[t]",
            "1 / 0 has no value that is finite and real: 'y[t] = 1 / 0 * x[t]'",
            id="a number that is none",
        ),
        pytest.param(
            f"y[t] = {'-' * 101}x[t]", f"nests more than 100 operations: 'y[t] = {'-' * 101}x[t]'", id="too deep"
        ),
        pytest.param("y[t] = sum(x[t])", "cannot read 'sum(x[t])' in 'y[t] = sum(x[t])'", id="sum over nothing"),
        pytest.param(
            "y[t] = sum(2, x[t])", "sums over something that is not an index: 'y[t] = sum(2, x[t])'", id="sum over 2"
        ),
        pytest.param(
            "y[t] = sum(i, i, x[t,i])",
            "sums over an index twice, or over one that the summand lacks: 'y[t] = sum(i, i, x[t,i])'",
            id="index summed twice",
        ),
        pytest.param(
            "y[t] = sum(i, x[t])",
            "sums over an index twice, or over one that the summand lacks: 'y[t] = sum(i, x[t])'",
            id="index that the summand lacks",
        ),
        pytest.param("y[t] = exp(x[t], 2)", "gives exp 2 arguments: 'y[t] = exp(x[t], 2)'", id="two for one"),
        pytest.param("y[t] = max(x[t])", "gives max 1 arguments: 'y[t] = max(x[t])'", id="one for two"),
        pytest.param(
            "y[t] = x[t,'2']", "cannot read the subscript \"'2'\" in \"y[t] = x[t,'2']\"", id="text as subscript"
        ),
        pytest.param(
            "y[t,q] = x[t,3*q//2]", "cannot read the subscript '3 * q // 2' in 'y[t,q] = x[t,3*q//2]'", id="two"
        ),
        pytest.param("y[t,q] = x[t,2-q]", "cannot read the subscript '2 - q' in 'y[t,q] = x[t,2-q]'", id="backwards"),
        pytest.param(
            "y[t,q] = cumsum(s, x[t,q])",
            "accumulates over s, which the summand lacks: 'y[t,q] = cumsum(s, x[t,q])'",
            id="accumulates nothing",
        ),
        pytest.param(
            "y[t,q] = where(q > 3, x[t,q], 0)",
            "cannot read the condition 'q > 3' in 'y[t,q] = where(q > 3, x[t,q], 0)'",
            id="unknown comparison",
        ),
        pytest.param(
            "y[t,q] = where(x[t,q] < 3, 1, 0)",
            "cannot read the condition 'x[t, q] < 3' in 'y[t,q] = where(x[t,q] < 3, 1, 0)'",
            id="condition on a value",
        ),
        pytest.param(
            "y[t,q] = where(s < q, x[t,q], 0)",
            "leaves s neither summed nor in the result: 'y[t,q] = where(s < q, x[t,q], 0)'",
            id="index of a condition",
        ),
        pytest.param("y[t] = x[t+1]", "cannot read the subscript 't + 1' in 'y[t] = x[t+1]'", id="the future"),
        pytest.param("y[t,i] = x[i,t]", "cannot read the subscript 't' in 'y[t,i] = x[i,t]'", id="t not first"),
        pytest.param("y[t] = x[t-0]", "cannot read the lag '0' in 'y[t] = x[t-0]'", id="lag zero"),
        pytest.param("y[t] = x[t-2*k]", "cannot read the lag '2 * k' in 'y[t] = x[t-2*k]'", id="computed lag"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse_equation(text)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "text", [pytest.param("y[t =", id="open bracket"), pytest.param("3 = x[t]", id="defines a number")]
)
def test_bad_syntax_is_quoted_with_what_python_says_of_it(text: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse_equation(text)
    assert str(raised.value).startswith(f"not an equation: {text!r}: ")
