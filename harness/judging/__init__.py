"""Rubrics, and scores read from a judge's token probabilities."""
