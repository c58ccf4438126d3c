"""Language models behind an address: one client for servers that speak OpenAI's chat protocol.

`address` says where a request may go, `prompt` what is asked, `client` asks, `answers` reads what comes back, `replies`
keeps it, `consent` says what may leave, `budget` counts it, `conformance` finds out what a server really supports.
"""
