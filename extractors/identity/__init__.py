"""Which tracks are one person: by looks, by where they are, and by who moves the mouth while a voice speaks."""
