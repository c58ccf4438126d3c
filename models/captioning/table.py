"""The table `captions`: one row a stretch and person, with every claim and what the tables say to it."""

from __future__ import annotations

from bitflow.models.grounding.claims import RECORD
from bitflow.tables import INTERVAL_KEYS, Column, Schema

CAPTIONS = Schema(
    "captions",
    "interval",
    (
        *INTERVAL_KEYS,
        Column("person", "int32", "1", "whom it is about, or an animal's track; -1 for the scene", range=(-1, None)),
        Column("subject", "string", "", "how captions call them: `Person 0`, or an animal's name"),
        Column("text", "string", "", "what the caption says, contradicted claims taken out"),
        Column("fields", "string", "", "the caption by field, JSON; contradicted fields taken out"),
        Column("claims", "records", "", "every claim that it made and the verdict of the tables on it", members=RECORD),
        Column("removed", "string", "", "what was taken out because the tables contradict it, JSON"),
        Column("model", "string", "", "who captioned: `template`, or a model's name"),
        Column("prompt_hash", "string", "", "digest of all that was asked; empty for the template"),
        Column("outcome", "string", "", "ok, or why there is no answer: refused, invalid, truncated …"),
        Column("trust", "string", "", "`untrusted` where the model failed the absence probes"),
        Column("frames", "string", "", "times of the pictures that were shown, JSON, s"),
    ),
    "captions with their claims; `confidence` is the share of supported among the claims that could be judged",
)
