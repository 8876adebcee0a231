"""Rows, cards and transforms of fine-tuning data."""
