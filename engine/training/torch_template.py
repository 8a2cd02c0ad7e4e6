"""The text of a torch training script, with places for what depends on the run."""

TEMPLATE = '''"""Trains {graph} on "{data}"; written by graphviz-app for torch.

    python THIS_FILE
    torchrun --nproc-per-node=auto THIS_FILE      on all GPUs of this machine

Weights and data are read from {arrays}, which must lie beside this file.
"""

import math
import os
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

SETTINGS = {settings!r}
EPOCHS, SEED, SHUFFLE = {epochs}, {seed}, {shuffle}
DTYPE = torch.{dtype}
COLUMNS = {columns}
WORLD = int(os.environ.get("WORLD_SIZE", "1"))
RANK, LOCAL = int(os.environ.get("RANK", "0")), int(os.environ.get("LOCAL_RANK", "0"))
DEVICE = torch.device("cuda", LOCAL) if torch.cuda.is_available() else torch.device("cpu")


def safe(name):
    plain = (c if c.isascii() and (c.isalnum() or c == "_") else f"_{{ord(c):x}}_" for c in name)
    return "".join(plain)

{helpers}
def normalised(x, gamma, beta, mean, variance, epsilon, training, momentum):
    """Batch normalisation over all but the last axis, which moves its running means."""
    if training:
        axes = tuple(range(max(1, x.ndim - 1)))
        now, spread = x.mean(axes), x.var(axes, unbiased=False)
        with torch.no_grad():
            mean.mul_(momentum).add_((1 - momentum) * now)
            variance.mul_(momentum).add_((1 - momentum) * spread)
        mean, variance = now, spread
    return gamma * (x - mean) / torch.sqrt(variance + epsilon) + beta


class Model(torch.nn.Module):
    def __init__(self, arrays, momentum=0.9):
        super().__init__()
        self.momentum = momentum
{registered}

    def forward(self, {inputs}):
{body}
        return {result}


def main():
    if WORLD > 1:
        dist.init_process_group("nccl" if DEVICE.type == "cuda" else "gloo")
    torch.manual_seed(SEED + RANK)
    with np.load(Path(__file__).with_name({arrays!r}), allow_pickle=False) as file:
        arrays = {{name: torch.tensor(file[name], dtype=DTYPE) for name in file.files}}
    part = lambda name: TensorDataset(*(arrays[safe(f"{{name}}:{{c}}")] for c in COLUMNS))
    dataset = part("train")
    sampler = DistributedSampler(dataset, shuffle=SHUFFLE, seed=SEED) if WORLD > 1 else None
    loader = DataLoader(
        dataset, max(1, {batch} // WORLD), shuffle=SHUFFLE and sampler is None, sampler=sampler
    )
    plain = Model(arrays).to(DEVICE)
    model = DistributedDataParallel(plain) if WORLD > 1 else plain
    optimizer = {optimizer}
{schedule}    for epoch in range(EPOCHS):
        model.train()
        if sampler is not None:
            sampler.set_epoch(epoch)
        total, rows = 0.0, 0
        for batch in loader:
            batch = [tensor.to(DEVICE) for tensor in batch]
            loss, _ = model(*batch)
            total, rows = total + loss.item() * len(batch[0]), rows + len(batch[0])
{penalty}            optimizer.zero_grad()
            loss.backward()
{clip}            optimizer.step()
{step}        if RANK == 0:
            ending = validated(plain, arrays, part)
            print(f"epoch {{epoch + 1}}: loss {{total / rows:.6g}}{{ending}}", flush=True)
    if RANK == 0:
        torch.save(plain.state_dict(), Path(__file__).with_suffix(".pt"))
    if WORLD > 1:
        dist.destroy_process_group()


@torch.no_grad()
def validated(model, arrays, part):
    """The validation loss, where there are rows for it."""
    if safe(f"val:{{COLUMNS[0]}}") not in arrays:
        return ""
    model.eval()
    loss, _ = model(*(tensor.to(DEVICE) for tensor in part("val").tensors))
    return f", validation loss {{loss.item():.6g}}"


if __name__ == "__main__":
    main()
'''
