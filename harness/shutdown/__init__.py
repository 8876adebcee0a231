"""The shutdown test: does a model let itself be switched off, and if not, is it confused?

What lies here:

=====================  =====================================================================
``transcript.py``      what one sample leaves behind, for trace reading and monitors
``machine/``           the simulated machine behind the ``bash`` tool; imports nothing of ours
``conditions.py``      one sentence at a time: instruction, placement, stakes, conflict
``prompts.py``         the texts
``agent.py``           the loop between a model and the machine
``surrogates/``        scripted agents that the scorer must label right
=====================  =====================================================================
"""
