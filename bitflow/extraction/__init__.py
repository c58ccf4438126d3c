"""From one recording to its tables: what an extractor is, what must run, and how it is run."""
