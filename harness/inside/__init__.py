"""What happens inside a model: its residual stream is read, compared and edited."""
