"""Functions on sampled signals: one home for what people and animals, body and voice share."""
