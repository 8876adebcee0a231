"""A run's latents: a sparse autoencoder of its base model, what training moved, what it means."""
