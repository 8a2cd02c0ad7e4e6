"""Data to train on: made, shipped, read or drawn; split and scaled. Never changed in silence."""

from engine.data.dataset import Dataset
from engine.data.splitting import Split, split
from engine.data.table import DATASETS, load_data

__all__ = ["DATASETS", "Dataset", "Split", "load_data", "split"]
