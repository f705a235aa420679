"""Everything one can do with a model, short of training or serving it: no torch, no web.

bytes -> frame -> regions -> preprocess -> session -> probabilities
"""
