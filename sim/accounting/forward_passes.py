"""What a forward pass holds in memory where a model's memory was measured: SSM-Scope (arXiv 2507.12442) in PyTorch.

Facts of the modelling code that ran there, of transformers 4.52.3 (Qwen2, Llama, Phi-3) and 4.57.3 (Falcon-H1, Zamba2)
and of mamba_ssm 2.2.4. Each coefficient is counted from what that code makes, and none is fitted but one:

- *Qwen2*, from 32,768 tokens on: at its sliding window (which it does not use) SDPA gets a mask, and while that is made
  there are at once the mask in the activations' width, its sum with the padding or its copy, a comparison (1 byte) and
  the diagonal's comparison (1 byte, one for all sequences): 6 bytes for each query and key in 16 bit. Nothing is cached
  yet. Measured at 57,344 tokens: 0.05 % more.
- *Phi-3*, eager attention: scores in the activations' width, their copy in 32 bit and softmax of that, 10 bytes for
  each query, key and head (bf16 is converted first; only fp16 has a kernel that need not), beside the mask. Eight
  tensors as wide as the residual stream: the embedded tokens, the stream, its norm, q, k and v in one, q and k rotated.
  What is cached of an earlier layer are views: the key rotated, and the value within its tensor of q, k and v, so twice
  the bytes of the cache. Measured: 0.01 % more.
- *Zamba2*: the mask, and a copy of it (SDPA copies a mask whose rows are not aligned), 4 bytes for each query and key
  in 16 bit. The 78,950 bytes a token beside are fitted, on measured points from 24,576 tokens on.
- *Falcon-H1* multiplies its logits by a number, which makes a second copy. Its forward pass, and mamba_ssm's, leave no
  cache unless they are given one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from workloads.workload_spec import WorkloadSpec


@dataclass(frozen=True)
class Pairs:
    """Bytes for each query and key: ``elements`` as wide as activations, and so many ``other`` bytes."""

    elements: int = 0
    other: int = 0

    def size_bytes(self, width: int) -> int:
        """The bytes, with activations of *width* bytes."""
        return self.elements * width + self.other


@dataclass(frozen=True)
class Moment:
    """What is there at once at some point of a forward pass before its head, for prompts of ``least_tokens`` or more.

    ``widths`` are tensors as wide as the residual stream, ``token_bytes`` are a token's beside. ``shared`` are the
    pairs of query and key that all sequences share, ``sequence`` those of each sequence, ``head`` those of each
    sequence and query head. The caches of the layers are there ``cached`` times, the last one's ``cached_last`` times.
    """

    name: str
    widths: int = 0
    token_bytes: int = 0
    shared: Pairs = Pairs()
    sequence: Pairs = Pairs()
    head: Pairs = Pairs()
    cached: int = 0
    cached_last: int = 0
    least_tokens: int = 1


@dataclass(frozen=True)
class ForwardPass:
    """A forward pass that gives the logits of all tokens: how many copies of these there are, and other moments.

    ``leaves_cache`` says whether keys, values and states are there when it ends.
    """

    logit_copies: int = 1
    leaves_cache: bool = True
    moments: tuple[Moment, ...] = ()


PLAIN: Final = ForwardPass()
FORWARD_PASSES: Final = {
    "plain": PLAIN,
    "mamba_ssm": ForwardPass(leaves_cache=False),
    "falcon_h1": ForwardPass(logit_copies=2, leaves_cache=False),
    "qwen2": ForwardPass(
        moments=(Moment("masks", widths=1, shared=Pairs(0, 1), sequence=Pairs(2, 1), least_tokens=32_768),)
    ),
    "phi3": ForwardPass(
        moments=(Moment("attention", widths=8, sequence=Pairs(1, 0), head=Pairs(1, 8), cached=2, cached_last=0),)
    ),
    "zamba2": ForwardPass(
        moments=(Moment("attention", token_bytes=78_950, sequence=Pairs(2, 0), cached=1, cached_last=1),)
    ),
}
MAMBA: Final = ("mamba1", "mamba2", "mamba3", "mamba3_naive")
"""Models that mamba_ssm computes."""


def forward_pass_of(spec: WorkloadSpec) -> str:
    """The name of the forward pass of a workload's model, told from the model, or from how the workload is called."""
    if spec.model in MAMBA:
        return "mamba_ssm"
    called = re.sub(r"[^a-z0-9]", "", spec.name.lower())
    return next((name for name in FORWARD_PASSES if called.startswith(name.replace("_", ""))), "plain")
