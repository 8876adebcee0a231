"""The causal test of latents: does one alone induce the behaviour, does one alone repair it?"""
