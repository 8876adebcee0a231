"""The embedded miniature model: a toy analogue, never evidence about large models."""
