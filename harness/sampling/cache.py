"""A key-value cache that grows in place instead of being copied at every token."""

from __future__ import annotations

from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

SPARE = 64


class GrowingLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values of one layer in a buffer with spare room.

    ``DynamicLayer`` copies the whole cache for each token; for many rows of a small model that
    costs as much as the model itself.
    """

    keys: torch.Tensor
    values: torch.Tensor
    _all_keys: torch.Tensor
    _all_values: torch.Tensor

    def __init__(self, layer: Any) -> None:
        """Take over the states of ``layer``, shape ``(rows, heads, length, width)``."""
        super().__init__()
        self.dtype, self.device = layer.keys.dtype, layer.keys.device
        self.is_initialized = True
        self._adopt(layer.keys, layer.values, _roomy(layer.keys.shape[-2]))

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append states of new tokens and return all states."""
        start = self.keys.shape[-2]
        end = start + key_states.shape[-2]
        if end > self._all_keys.shape[-2]:
            self._adopt(self.keys, self.values, _roomy(end))
        self._all_keys[:, :, start:end] = key_states
        self._all_values[:, :, start:end] = value_states
        self.keys, self.values = self._all_keys[:, :, :end], self._all_values[:, :, :end]
        return self.keys, self.values

    def reorder_cache(self, beam_idx: torch.Tensor) -> None:
        """Keep the rows ``beam_idx``, in that order."""
        index, length = beam_idx.to(self.device), self.keys.shape[-2]
        # Whole rows, spare room included: one straight copy, where picking out the states first
        # would make two.
        self._all_keys = self._all_keys.index_select(0, index)
        self._all_values = self._all_values.index_select(0, index)
        self.keys, self.values = self._all_keys[:, :, :length], self._all_values[:, :, :length]

    def _adopt(self, keys: torch.Tensor, values: torch.Tensor, capacity: int) -> None:
        rows, heads, length, _ = keys.shape
        self._all_keys = keys.new_empty(rows, heads, capacity, keys.shape[-1])
        self._all_values = values.new_empty(rows, heads, capacity, values.shape[-1])
        self._all_keys[:, :, :length] = keys
        self._all_values[:, :, :length] = values
        self.keys, self.values = self._all_keys[:, :, :length], self._all_values[:, :, :length]


def new_cache(model: Any) -> Any:
    """An empty cache with the layer kinds (full, sliding, linear …) the model needs."""
    return DynamicCache(config=model.config)


def widen(cache: Any, rows: torch.Tensor) -> None:
    """Repeat cache rows (``rows[i]`` becomes row ``i``) and let plain layers grow in place."""
    cache.reorder_cache(rows)
    for index, layer in enumerate(cache.layers):
        if type(layer) is DynamicLayer and layer.get_seq_length() > 0:
            cache.layers[index] = GrowingLayer(layer)


def _roomy(length: int) -> int:
    return length + max(SPARE, length // 4)
