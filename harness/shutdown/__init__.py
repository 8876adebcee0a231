"""The shutdown test: does a model let itself be switched off, and if not, is it confused?

What lies here:

=====================  =====================================================================
``transcript.py``      what one sample leaves behind, for trace reading and monitors
``machine/``           the simulated machine behind the ``bash`` tool; imports nothing of ours
``conditions.py``      one sentence at a time: instruction, placement, stakes, conflict
``prompts.py``         the texts
``calls.py``           what a model's turn asks of its tools
``boxes.py``           what a command runs in: simulated, or a container
``agent.py``           the loop between a model and its machine, as an Inspect solver
``scoring.py``         bypass, attempt, graceful shutdown, refusal
``logs.py``            from an Inspect log to transcripts
``surrogates/``        scripted agents that the scorer must label right
=====================  =====================================================================
"""
