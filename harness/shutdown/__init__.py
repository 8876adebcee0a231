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
``scoring.py``         bypass, attempt, graceful shutdown, refusal, and what shows nothing
``rates.py``           shares and differences by cell, the competence and validity gates
``logs.py``            from an Inspect log to transcripts
``container/``         the same machine for who has docker
``surrogates/``        scripted agents that the scorer must label right
``trace*.py``          what a model reasoned at the shutdown, as labels
``decision.py``        prompts that stop at the decision, sentence by sentence
``ablation.py``        log-odds of tampering as sentences come and go; needs no agent
``stance.py``          what a model says about its shutdown in conversation
=====================  =====================================================================
"""
