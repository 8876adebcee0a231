"""The written world that the miniature is trained on."""
