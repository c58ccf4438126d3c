"""Networks over the streams of a clip. All give a logit for every moment, and one for the clip.

They take a list of tensors, first every stream's values ``(B, T, D)``, then every stream's mask ``(B, T)``. What lies
beyond a clip's end or was not seen changes nothing: neither a clip's neighbours in a batch nor its padding do.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Share of a clip's moments, the highest, whose mean is the clip's logit.
TOP = 0.2

WIDTH = 64
KERNEL = 5
DILATIONS = (1, 2, 4, 8)
DROPOUT = 0.2
STREAM_DROPOUT = 0.2


class TemporalConvolutions(nn.Module):
    """Four residual blocks of two convolutions with kernel 5 and dilations 1 to 8: 24 s of context at 5 Hz."""

    def __init__(self, widths: tuple[int, ...], outputs: int):
        super().__init__()
        self.streams = len(widths)
        self.entry = nn.Linear(sum(widths) + len(widths), WIDTH)
        self.blocks = nn.ModuleList(_Block(dilation) for dilation in DILATIONS)
        self.head = nn.Linear(WIDTH, outputs)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Clip ``(B, K)`` and moments ``(B, T, K)``."""
        x, inside = _joined(inputs, self.streams, self.training)
        hidden = self.entry(x) * inside
        for block in self.blocks:
            hidden = block(hidden, inside)
        logits = self.head(functional.gelu(hidden))
        return top_mean(logits, inside), logits


class _Block(nn.Module):
    def __init__(self, dilation: int):
        super().__init__()
        padding = dilation * (KERNEL - 1) // 2
        self.first = nn.Conv1d(WIDTH, WIDTH, KERNEL, dilation=dilation, padding=padding)
        self.second = nn.Conv1d(WIDTH, WIDTH, KERNEL, dilation=dilation, padding=padding)
        self.norms = nn.ModuleList(MaskedGroupNorm(8, WIDTH) for _ in range(2))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, inside: Tensor) -> Tensor:
        hidden = x
        for norm, convolution in zip(self.norms, (self.first, self.second), strict=True):
            hidden = functional.gelu(norm(hidden, inside)) * inside
            hidden = convolution(self.dropout(hidden).transpose(1, 2)).transpose(1, 2) * inside
        return x + hidden


class MaskedGroupNorm(nn.Module):
    """Group normalisation over groups of channels and the moments inside, ``(B, T, C)``."""

    def __init__(self, groups: int, channels: int):
        super().__init__()
        self.groups = groups
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, inside: Tensor) -> Tensor:
        """Normalise; `inside` is ``(B, T, 1)`` of 0 and 1."""
        grouped = x.unflatten(2, (self.groups, -1))
        weight = inside.unsqueeze(3)
        count = weight.sum(dim=(1, 3), keepdim=True).clamp(min=1.0) * grouped.shape[3]
        mean = (grouped * weight).sum(dim=(1, 3), keepdim=True) / count
        away = (grouped - mean) * weight
        variance = (away * away).sum(dim=(1, 3), keepdim=True) / count
        return (away / torch.sqrt(variance + 1e-5)).flatten(2) * self.weight + self.bias


class Recurrent(nn.Module):
    """One layer of gated recurrent units, 64 forward and 64 backward."""

    def __init__(self, widths: tuple[int, ...], outputs: int):
        super().__init__()
        self.streams = len(widths)
        self.entry = nn.Linear(sum(widths) + len(widths), WIDTH)
        self.forwards = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.backwards = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.head = nn.Linear(2 * WIDTH, outputs)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Clip ``(B, K)`` and moments ``(B, T, K)``."""
        x, inside = _joined(inputs, self.streams, self.training)
        hidden = functional.gelu(self.entry(x)) * inside
        start = torch.zeros(1, 1, WIDTH, dtype=x.dtype, device=x.device).expand(1, x.shape[0], WIDTH).contiguous()
        ahead, _ = self.forwards(hidden, start)
        # Backward from each clip's own end, so that padding comes last in either direction.
        places = torch.arange(x.shape[1], device=x.device).unsqueeze(0)
        last = (places * inside[:, :, 0].long()).max(dim=1, keepdim=True).values
        turn = torch.where(places <= last, last - places, places).unsqueeze(2).expand(-1, -1, WIDTH)
        back, _ = self.backwards(hidden.gather(1, turn), start)
        logits = self.head(self.dropout(torch.cat([ahead, back.gather(1, turn)], dim=2)))
        return top_mean(logits, inside), logits


class CrossAttention(nn.Module):
    """Text asks, the other streams answer: one layer of 4 heads within ±8 s, and what agrees with the text.

    Where there is no text a learned vector asks. Moments are joined to seconds first.
    """

    def __init__(self, widths: tuple[int, ...], outputs: int, *, step: int = 5, reach: int = 8):
        super().__init__()
        self.streams, self.step, self.reach = len(widths), step, reach
        self.entries = nn.ModuleList(nn.Sequential(nn.Linear(width, WIDTH), nn.GELU()) for width in widths)
        self.nobody = nn.Parameter(torch.zeros(len(widths), WIDTH))
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.nearness = nn.Parameter(torch.zeros(4))
        self.mix = nn.Sequential(nn.Linear(3 * WIDTH, 2 * WIDTH), nn.GELU(), nn.Dropout(DROPOUT))
        self.norm = nn.LayerNorm(3 * WIDTH)
        self.head = nn.Linear(2 * WIDTH, outputs)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Clip ``(B, K)`` and moments ``(B, T, K)``."""
        values, masks = _dropped(inputs, self.streams, self.training)
        length = values[0].shape[1]
        tokens, seen = [], []
        for entry, nobody, value, mask in zip(self.entries, self.nobody, values, masks, strict=True):
            token, there = _seconds(entry(value) * mask, mask, self.step)
            tokens.append(token + (1.0 - there) * nobody)
            seen.append(there)
        text = tokens[0]
        others, known = torch.stack(tokens[1:] or tokens, dim=2), torch.stack(seen[1:] or seen, dim=2)
        answer = self._attend(text, others, known)
        hidden = self.mix(self.norm(torch.cat([text, answer, text * answer], dim=2)))
        logits = self.head(hidden).unsqueeze(2).expand(-1, -1, self.step, -1).flatten(1, 2)[:, :length]
        inside = torch.stack(masks).amax(dim=0)
        return top_mean(logits, inside), logits

    def _attend(self, text: Tensor, others: Tensor, known: Tensor) -> Tensor:
        """``(B, S, C)`` from queries ``(B, S, C)`` and keys ``(B, S, M, C)`` seen where ``(B, S, M, 1)`` is 1."""
        heads, streams = self.nearness.shape[0], others.shape[2]
        query = self.query(text).unflatten(2, (heads, -1)).transpose(1, 2)
        key, value = (
            layer(others).flatten(1, 2).unflatten(2, (heads, -1)).transpose(1, 2) for layer in (self.key, self.value)
        )
        score = query @ key.transpose(2, 3) / (WIDTH // heads) ** 0.5
        when = torch.ones_like(text[0, :, 0]).cumsum(dim=0)
        apart = (when.unsqueeze(1) - when.unsqueeze(0)).abs().unsqueeze(2).expand(-1, -1, streams).flatten(1)
        score = score - functional.softplus(self.nearness + 1.0).view(1, heads, 1, 1) * apart
        open_ = (apart <= self.reach).unsqueeze(0) & (known.flatten(1) > 0).unsqueeze(1)
        score = score.masked_fill(~open_.unsqueeze(1), -1e4)
        weight = torch.softmax(score, dim=3) * open_.unsqueeze(1)
        return (weight @ value).transpose(1, 2).flatten(2)


def top_mean(logits: Tensor, inside: Tensor) -> Tensor:
    """Mean of the highest fifth of the moments inside, class by class, ``(B, K)``; 0 for a clip without any."""
    count = inside.sum(dim=1)
    few = torch.ceil(TOP * count).clamp(min=1.0)
    low = torch.full_like(logits, -1e4)
    ordered = torch.sort(torch.where(inside > 0, logits, low), dim=1, descending=True).values
    rank = torch.arange(logits.shape[1], device=logits.device).view(1, -1, 1)
    chosen = (rank < few.unsqueeze(1)) & (rank < count.unsqueeze(1))
    return torch.where(chosen, ordered, torch.zeros_like(ordered)).sum(dim=1) / few


def _joined(inputs: tuple[Tensor, ...], streams: int, training: bool) -> tuple[Tensor, Tensor]:
    """All streams with their masks ``(B, T, ΣD + M)``, and where anything was seen ``(B, T, 1)``."""
    values, masks = _dropped(inputs, streams, training)
    return torch.cat([*values, *masks], dim=2), torch.stack(masks).amax(dim=0)


def _dropped(inputs: tuple[Tensor, ...], streams: int, training: bool) -> tuple[list[Tensor], list[Tensor]]:
    """Values and masks ``(B, T, 1)``; in training whole streams go missing, but never all of a clip's."""
    values = list(inputs[:streams])
    masks = [mask.to(values[0].dtype).unsqueeze(2) for mask in inputs[streams:]]
    if training and streams > 1:
        kept = torch.rand(streams, values[0].shape[0]) >= STREAM_DROPOUT
        kept[:, ~kept.any(dim=0)] = True
        masks = [mask * keep.to(mask.dtype).view(-1, 1, 1) for mask, keep in zip(masks, kept, strict=True)]
    return [value * mask for value, mask in zip(values, masks, strict=True)], masks


def _seconds(x: Tensor, mask: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Means over `step` moments of what was seen ``(B, S, C)``, and whether anything was ``(B, S, 1)``."""
    x, mask = (functional.pad(each, (0, 0, 0, step - 1)).transpose(1, 2) for each in (x, mask))
    total, count = (step * functional.avg_pool1d(each, step).transpose(1, 2) for each in (x, mask))
    return total / count.clamp(min=1.0), (count > 0.5).to(total.dtype)


class Adapter(nn.Module):
    """Behavioural adapter: descriptors correct a pooled representation by residuals (Human Behavior Atlas's module).

    h + Σ_m k_m α_m (W2 ReLU(W1 LN(f_m) + e_d) + b2), with three corrections of the published form:

    - a missing or dropped descriptor adds nothing, where a zeroed one would add its biases;
    - α starts at 0.1, so that training starts near the representation as it is, where the released one starts at 4;
    - one adapter serves several data sets, told apart by an embedding e_d, where each had its own.

    Parameters
    ----------
    width
        Of the representation h.
    descriptors
        Length of each descriptor f_m.
    hidden
        Between W1 and W2.
    datasets
        How many; one needs no embedding.
    dropout
        Share of samples that lose a descriptor in training.
    """

    def __init__(
        self,
        width: int,
        descriptors: tuple[int, ...],
        *,
        hidden: int = 256,
        datasets: int = 1,
        dropout: float = 0.2,
        alpha: float = 0.1,
    ):
        super().__init__()
        self.dropout = dropout
        self.norms = nn.ModuleList(nn.LayerNorm(length) for length in descriptors)
        self.first = nn.ModuleList(nn.Linear(length, hidden) for length in descriptors)
        self.second = nn.ModuleList(nn.Linear(hidden, width) for _ in descriptors)
        self.alpha = nn.Parameter(torch.full((len(descriptors),), alpha))
        self.dataset = nn.Embedding(datasets, hidden) if datasets > 1 else None

    def forward(
        self, representation: Tensor, descriptors: list[Tensor], present: Tensor, dataset: Tensor | None = None
    ) -> Tensor:
        """The corrected representation.

        Parameters
        ----------
        representation
            ``(B, H)``.
        descriptors
            ``(B, D_m)`` each; what stands where one is missing does not matter, but is finite.
        present
            ``(B, M)`` bool.
        dataset
            ``(B,)`` numbers, where there are several data sets.
        """
        kept = present.to(representation.dtype)
        if self.training:
            kept = kept * (torch.rand_like(kept) >= self.dropout).to(kept.dtype)
        moved = representation
        for place, (norm, first, second) in enumerate(zip(self.norms, self.first, self.second, strict=True)):
            hidden = first(norm(descriptors[place]))
            if self.dataset is not None:
                hidden = hidden + self.dataset(cast(Tensor, dataset))
            moved = moved + kept[:, place : place + 1] * self.alpha[place] * second(functional.relu(hidden))
        return moved


class AdaptedStatistics(nn.Module):
    """A linear representation of one vector a clip, corrected by descriptors through an `Adapter`, and a linear head.

    Takes the vector ``(B, D)``, each descriptor ``(B, D_m)``, and which are present ``(B, M)``.
    """

    def __init__(self, vector: int, descriptors: tuple[int, ...], outputs: int, *, hidden: int = 32):
        super().__init__()
        self.entry = nn.Linear(vector, WIDTH)
        self.adapter = Adapter(WIDTH, descriptors, hidden=hidden)
        self.head = nn.Linear(WIDTH, outputs)

    def forward(self, vector: Tensor, *rest: Tensor) -> Tensor:
        """Logits ``(B, K)``."""
        *descriptors, present = rest
        return self.head(self.adapter(self.entry(vector), list(descriptors), present))


NETWORKS = {"tcn": TemporalConvolutions, "gru": Recurrent, "xattn": CrossAttention}
