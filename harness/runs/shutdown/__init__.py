"""The shutdown instrument: chat-level prompts and sentence ablation of a run, agents of a model."""
