"""Personalisation: a recogniser of others made to fit a person of whom no label is known.

>>> from bitflow.models.adaptation.methods import METHODS
>>> list(METHODS)[:4]
['source-only', 'participant-norm', 'participant-norm+prior', 'subject-selection']
"""
