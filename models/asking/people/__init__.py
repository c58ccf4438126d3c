"""Questions about what people in a recording do and say, as programs of the event language."""
