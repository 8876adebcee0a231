"""Sparse autoencoders of the residual stream: trained or read from others, measured, ranked."""
