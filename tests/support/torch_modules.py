"""Cells and blocks in PyTorch, as their authors write them: factories for ``import torch``."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan

Made = tuple[nn.Module, tuple[Tensor, ...]]


class Linear(nn.Module):
    """A leaky integrator of each channel."""

    def __init__(self, d: int = 8) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.rand(d))
        self.B, self.C = nn.Linear(d, d, bias=False), nn.Linear(d, d)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        h = torch.sigmoid(self.a) * h + self.B(x)
        return self.C(h), h


class Mamba1(nn.Module):
    """A Mamba-1 block (arXiv 2312.00752), a whole sequence at once: fused in_proj, convolution, low-rank dt."""

    def __init__(self, d: int = 8, inner: int = 16, n: int = 4, rank: int = 2, taps: int = 4) -> None:
        super().__init__()
        self.rank, self.n = rank, n
        self.in_proj = nn.Linear(d, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, taps, groups=inner, padding=taps - 1)
        self.x_proj = nn.Linear(inner, rank + 2 * n, bias=False)
        self.dt_proj = nn.Linear(rank, inner)
        self.A_log, self.D = nn.Parameter(torch.rand(inner, n)), nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, d, bias=False)

    def forward(self, u: Tensor) -> Tensor:
        batch, tokens, _ = u.shape
        x, z = self.in_proj(u).chunk(2, -1)
        x = F.silu(self.conv1d(x.transpose(1, 2))[..., :tokens]).transpose(1, 2)
        dt, B, C = self.x_proj(x).split([self.rank, self.n, self.n], -1)
        dt = F.softplus(self.dt_proj(dt))
        A = -torch.exp(self.A_log.float())

        def step(h: Tensor, now: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
            dt, x, B, C = now
            dA = torch.exp(dt[..., None] * A)
            h = dA * h + (dt * x)[..., None] * B[:, None]
            y = (h * C[:, None]).sum(-1)
            return h, y

        h0 = u.new_zeros(batch, A.shape[0], self.n)
        _, y = scan(step, h0, tuple(each.transpose(0, 1) for each in (dt, x, B, C)), dim=0)
        y = y.transpose(0, 1) + self.D * x
        y = y * F.silu(z)
        return self.out_proj(y) + u


class Mamba2(nn.Module):
    """A Mamba-2 cell (arXiv 2405.21060): one decay for each head, B and C shared by all."""

    def __init__(self, d: int = 12, h: int = 3, p: int = 8, n: int = 5) -> None:
        super().__init__()
        self.h, self.p, self.n = h, p, n
        self.norm, self.out_norm = nn.RMSNorm(d), nn.RMSNorm(h * p)
        self.in_proj = nn.Linear(d, 2 * h * p + 2 * n + h, bias=False)
        self.A_log, self.D, self.dt_bias = (nn.Parameter(torch.rand(h)) for _ in range(3))
        self.out_proj = nn.Linear(h * p, d, bias=False)

    def forward(self, u: Tensor, S: Tensor) -> tuple[Tensor, Tensor]:
        v = self.norm(u)
        inner = self.h * self.p
        z, x, B, C, dt = self.in_proj(v).split([inner, inner, self.n, self.n, self.h], -1)
        x = x.view(-1, self.h, self.p)
        dt = F.softplus(dt + self.dt_bias)
        a = torch.exp(dt * -torch.exp(self.A_log))
        S = a[..., None, None] * S + torch.einsum("bhp,bn->bhpn", dt[..., None] * x, B)
        y = torch.einsum("bhpn,bn->bhp", S, C) + self.D[:, None] * x
        y = self.out_norm(y.reshape(-1, inner) * F.silu(z))
        return u + self.out_proj(y), S


class Mamba2Block(nn.Module):
    """A Mamba-2 block: convolution over x, B and C together, groups of heads, LayerNorm."""

    def __init__(self, d: int = 8, h: int = 4, p: int = 6, n: int = 5, groups: int = 2, taps: int = 3) -> None:
        super().__init__()
        self.h, self.p, self.n, self.groups, self.inner = h, p, n, groups, h * p
        channels = h * p + 2 * groups * n
        self.norm = nn.LayerNorm(d)
        self.in_proj = nn.Linear(d, h * p + channels + h)
        self.conv1d = nn.Conv1d(channels, channels, taps, groups=channels, padding=taps - 1)
        self.A_log, self.D, self.dt_bias = (nn.Parameter(torch.rand(h)) for _ in range(3))
        self.norm_weight = nn.Parameter(torch.rand(h * p))
        self.out_proj = nn.Linear(h * p, d)

    def forward(self, hidden: Tensor) -> Tensor:
        batch, tokens, _ = hidden.shape
        grouped = self.groups * self.n
        z, xBC, dt = torch.split(
            self.in_proj(self.norm(hidden)), [self.inner, self.inner + 2 * grouped, self.h], dim=-1
        )
        xBC = F.silu(self.conv1d(xBC.transpose(1, 2))[:, :, :tokens].transpose(1, 2))
        x, B, C = torch.split(xBC, [self.inner, grouped, grouped], dim=-1)
        x = x.view(batch, tokens, self.h, self.p)
        B = B.view(batch, tokens, self.groups, self.n).repeat_interleave(self.h // self.groups, dim=2)
        C = C.view(batch, tokens, self.groups, 1, self.n)
        C = C.expand(-1, -1, -1, self.h // self.groups, -1).reshape(batch, tokens, self.h, self.n)
        dt = F.softplus(dt + self.dt_bias)
        A = -torch.exp(self.A_log.float())

        def step(S: Tensor, now: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
            x, B, C, dt = now
            S = torch.exp(dt * A)[..., None, None] * S + (dt[..., None] * x)[..., None] * B[:, :, None]
            return S, (S @ C[..., None])[..., 0]

        S0 = torch.zeros(batch, self.h, self.p, self.n, dtype=x.dtype)
        _, y = scan(step, S0, tuple(each.movedim(1, 0) for each in (x, B, C, dt)))
        y = y.movedim(0, 1) + self.D[:, None] * x
        y = y.reshape(batch, tokens, -1) * F.silu(z)
        y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-5) * self.norm_weight
        return hidden + self.out_proj(y)


class GatedDeltaNet(nn.Module):
    """A gated delta rule cell (arXiv 2412.06464), with bmm, einsum and matmul."""

    def __init__(self, d: int = 12, h: int = 2, k: int = 4, v: int = 6) -> None:
        super().__init__()
        self.h, self.k, self.v = h, k, v
        self.q_proj, self.k_proj = nn.Linear(d, h * k, bias=False), nn.Linear(d, h * k, bias=False)
        self.v_proj, self.g_proj = nn.Linear(d, h * v, bias=False), nn.Linear(d, h * v)
        self.a_proj, self.b_proj = nn.Linear(d, h), nn.Linear(d, h)
        self.A_log = nn.Parameter(torch.rand(h))
        self.o_norm, self.o_proj = nn.RMSNorm(v, eps=1e-5), nn.Linear(h * v, d, bias=False)

    def forward(self, x: Tensor, S: Tensor) -> tuple[Tensor, Tensor]:
        b = x.shape[0]
        q = F.silu(self.q_proj(x)).view(b, self.h, self.k)
        q = F.normalize(q, dim=-1) * self.k**-0.5
        k = F.silu(self.k_proj(x)).view(b, self.h, self.k)
        k = k * torch.rsqrt(k.pow(2).sum(-1, keepdim=True) + 1e-6)
        v = self.v_proj(x).view(b, self.h, self.v)
        beta = torch.sigmoid(self.b_proj(x))
        g = -self.A_log.exp() * F.softplus(self.a_proj(x))
        S = S * g.exp()[:, :, None, None]
        rows = S.reshape(b * self.h, self.k, self.v)
        kv = torch.bmm(k.reshape(b * self.h, 1, self.k), rows).view(b, self.h, self.v)
        delta = (v - kv) * beta[..., None]
        S = S + torch.einsum("bhk,bhv->bhkv", k, delta)
        o = (q.unsqueeze(-2) @ S).squeeze(-2)
        o = self.o_norm(o) * F.silu(self.g_proj(x).view(b, self.h, self.v))
        return self.o_proj(o.reshape(b, -1)), S


class GRU(nn.Module):
    """A gated recurrent unit (arXiv 1406.1078) of linear layers."""

    def __init__(self, d: int = 6) -> None:
        super().__init__()
        self.ih, self.hh = nn.Linear(d, 3 * d), nn.Linear(d, 3 * d)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        ri, zi, ni = self.ih(x).chunk(3, -1)
        rh, zh, nh = self.hh(h).chunk(3, -1)
        r, z = torch.sigmoid(ri + rh), torch.sigmoid(zi + zh)
        n = torch.tanh(ni + r * nh)
        h = (1 - z) * n + z * h
        return h, h


class LSTM(nn.Module):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997) of linear layers, with two states."""

    def __init__(self, d: int = 6) -> None:
        super().__init__()
        self.ih, self.hh, self.out = nn.Linear(d, 4 * d), nn.Linear(d, 4 * d, bias=False), nn.Linear(d, d)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        i, f, g, o = (self.ih(x) + self.hh(h)).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return self.out(h) + x, h, c


class OfTorch(nn.Module):
    """A cell of torch.nn."""

    def __init__(self, cell: nn.Module, states: int) -> None:
        super().__init__()
        self.cell, self.states = cell, states

    def forward(self, x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        if self.states == 1:
            h = self.cell(x, states[0])
            return h, h
        h, c = self.cell(x, states)
        return h, h, c


class RGLRU(nn.Module):
    """A real-gated linear recurrent unit (arXiv 2402.19427) after a convolution with a state of its own."""

    def __init__(self, d: int = 8, w: int = 10, taps: int = 4) -> None:
        super().__init__()
        self.linear_x, self.linear_y, self.out = nn.Linear(d, w), nn.Linear(d, w), nn.Linear(w, d)
        self.input_gate, self.a_gate = nn.Linear(w, w), nn.Linear(w, w)
        self.a_param, self.conv = nn.Parameter(torch.rand(w)), nn.Parameter(torch.randn(taps, w))

    def forward(self, u: Tensor, h: Tensor, buffer: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y = F.gelu(self.linear_y(u), approximate="tanh")
        x = self.linear_x(u)
        buffer = torch.cat([buffer[1:], x[None]], 0)
        x = (buffer * self.conv).sum(0)
        gated = torch.sigmoid(self.input_gate(x)) * x
        log_a = -8.0 * torch.sigmoid(self.a_gate(x)) * F.softplus(self.a_param)
        a = torch.exp(log_a)
        h = a * h + torch.sqrt(1 - torch.exp(2 * log_a)) * gated
        return self.out(h * y), h, buffer


class Shift(nn.Module):
    """A shift by one token, a rotation of halves, softmax over channels, and a cumulative sum over tokens."""

    def __init__(self, d: int = 8, h: int = 2) -> None:
        super().__init__()
        self.h = h
        self.mu, self.w, self.g = nn.Parameter(torch.rand(d)), nn.Linear(d, d), nn.Linear(d, d)
        self.shift = nn.ZeroPad2d((0, 0, 1, -1))
        self.register_buffer("angles", torch.rand(d // h // 2))

    def forward(self, x: Tensor) -> Tensor:
        before = self.shift(x)
        v = self.w(x + (before - x) * self.mu)
        v = v.view(*v.shape[:2], self.h, -1)
        left, right = v.chunk(2, -1)
        cos, sin = torch.cos(self.angles), torch.sin(self.angles)
        v = torch.cat([left * cos - right * sin, right * cos + left * sin], -1)
        v = torch.softmax(v, -1)
        return self.g(torch.cumsum(v.flatten(2), 1)) * x


class Rolled(nn.Module):
    """A convolution whose state is rolled in place, as decoding code does it, and a mask over heads."""

    def __init__(self, d: int = 6, taps: int = 3) -> None:
        super().__init__()
        self.weight, self.scale = nn.Parameter(torch.randn(d, taps)), nn.Parameter(torch.randn(()))

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        state = torch.roll(state, shifts=-1, dims=-1)
        state = torch.cat([state[..., :-1], x[..., None]], -1)
        y = torch.sum(state * self.weight, dim=-1) * self.scale
        mask = torch.arange(y.shape[-1]) < 2
        return torch.where(mask, y, y.clamp(min=0.0)).abs() - x, state


class Rotated(nn.Module):
    """Pairs of channels turned by an angle that adds up, every other channel being the second of a pair."""

    def __init__(self, d: int = 8, h: int = 2) -> None:
        super().__init__()
        self.h, self.w, self.theta = h, nn.Linear(d, d), nn.Linear(d, d // h // 2)

    def forward(self, x: Tensor, angle: Tensor, S: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        angle = angle + self.theta(x)
        q = self.w(x).view(self.h, -1)
        first, second = q[..., 0::2], q[..., 1::2]
        cos, sin = torch.cos(angle), torch.sin(angle)
        q = torch.stack([first * cos - second * sin, first * sin + second * cos], -1).flatten(-2)
        S = 0.9 * S + q
        return S.reshape(-1) * x, angle, S


class MLSTM(nn.Module):
    """An mLSTM cell (arXiv 2405.04517): exponential gates with a running maximum."""

    def __init__(self, d: int = 8, h: int = 2) -> None:
        super().__init__()
        self.h, self.width = h, d // h
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
        self.i, self.f, self.norm = nn.Linear(d, h), nn.Linear(d, h), nn.GroupNorm(h, d)

    def forward(self, x: Tensor, C: Tensor, n: Tensor, m: Tensor) -> tuple[Tensor, ...]:
        q, k, v = (each(x).view(-1, self.h, self.width) for each in (self.q, self.k, self.v))
        k = k / self.width**0.5
        log_i, log_f = self.i(x), F.logsigmoid(self.f(x))
        m_new = torch.maximum(log_f + m, log_i)
        i, f = torch.exp(log_i - m_new)[..., None], torch.exp(log_f + m - m_new)[..., None]
        C = f[..., None] * C + i[..., None] * (v[..., :, None] * k[..., None, :])
        n = f * n + i * k
        y = torch.einsum("bhvk,bhk->bhv", C, q) / torch.clamp((n * q).sum(-1, keepdim=True).abs(), min=1.0)
        return torch.sigmoid(self.o(x)) * self.norm(y.flatten(1)), C, n, m_new


class Layer(nn.Module):
    """A recurrence and an MLP, each with norm and residual."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.norm, self.proj, self.a = nn.LayerNorm(d), nn.Linear(d, d), nn.Parameter(torch.rand(d))
        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU("tanh"), nn.Dropout(0.1), nn.Linear(2 * d, d))

    def forward(self, x: Tensor) -> Tensor:
        def step(h: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
            h = self.a * h + v
            return h, torch.tanh(h)

        _, y = scan(step, torch.zeros(x.shape[-1]), self.proj(self.norm(x)))
        x = x + y
        return x + self.mlp(x)


class Layers(nn.Module):
    """Two layers."""

    def __init__(self, d: int = 8) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Layer(d), Layer(d)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def seeded(module: Callable[[], nn.Module], *shapes: tuple[int, ...]) -> Made:
    """The module with the same numbers each time, and examples of these *shapes*."""
    torch.manual_seed(0)
    return module(), tuple(
        torch.randn(shape) if not place else torch.zeros(shape) for place, shape in enumerate(shapes)
    )


def linear() -> Made:
    """One state, no batch."""
    return seeded(Linear, (8,), (8,))


def mamba1() -> Made:
    """A block, two sequences."""
    return seeded(Mamba1, (2, 7, 8))


def mamba2() -> Made:
    """A cell, two sequences."""
    return seeded(Mamba2, (2, 12), (2, 3, 8, 5))


def mamba2_block() -> Made:
    """A block, one sequence."""
    return seeded(Mamba2Block, (1, 7, 8))


def gated_delta() -> Made:
    """A cell, two sequences."""
    return seeded(GatedDeltaNet, (2, 12), (2, 2, 4, 6))


def gru() -> Made:
    """The output is the state."""
    return seeded(GRU, (6,), (6,))


def lstm() -> Made:
    """Two states."""
    return seeded(LSTM, (6,), (6,), (6,))


def gru_cell() -> Made:
    """That of torch."""
    return seeded(lambda: OfTorch(nn.GRUCell(6, 6), 1), (2, 6), (2, 6))


def lstm_cell() -> Made:
    """That of torch."""
    return seeded(lambda: OfTorch(nn.LSTMCell(6, 6), 2), (2, 6), (2, 6), (2, 6))


def rg_lru() -> Made:
    """A cell with a convolution's state."""
    return seeded(RGLRU, (8,), (10,), (4, 10))


def shift() -> Made:
    """A block."""
    return seeded(Shift, (2, 7, 8))


def rolled() -> Made:
    """A cell of one convolution."""
    return seeded(Rolled, (1, 6), (1, 6, 3))


def rotated() -> Made:
    """A cell whose heads are cut inside."""
    return seeded(Rotated, (8,), (2,), (2, 4))


def mlstm() -> Made:
    """Three states."""
    return seeded(MLSTM, (1, 8), (1, 2, 4, 4), (1, 2, 4), (1, 2))


def layers() -> Made:
    """A block of two scans."""
    return seeded(Layers, (7, 8))
