"""Definitions, intervals and differences; pure functions over tables."""
