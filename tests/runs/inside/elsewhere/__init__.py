"""Tests of reading other runs."""
