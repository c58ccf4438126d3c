"""Recognisers of clips: experts on streams and words, fused, calibrated, with bands and a right to abstain.

>>> from bitflow.models.recognition.recognizer import Recognizer, RecognizerConfig
>>> model = Recognizer(RecognizerConfig(seed=0)).fit(data)  # doctest: +SKIP
>>> model.predict(data).probability  # doctest: +SKIP
"""
