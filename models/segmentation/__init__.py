"""Behaviour of animals segmented without labels, and the features that segmenters of both kinds look at."""
