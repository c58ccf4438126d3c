"""Questions in words, understood offline as programs of the event language."""
