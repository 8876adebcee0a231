"""Tests of the early warning."""
