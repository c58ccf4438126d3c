"""Questions about what animals do, as programs of the event language."""
