"""What leaves a store: tables in other programs' formats, and pictures and sound as new files."""

from __future__ import annotations
