"""How far annotators agree: on units of time, on events, and what two of them agree on."""
