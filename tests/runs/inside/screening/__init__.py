"""Tests of the causal screen."""
