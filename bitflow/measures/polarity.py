"""How pleasant common English words are, from −1 to 1: a small list, graded by hand for this project."""

from __future__ import annotations

from types import MappingProxyType

_GRADES: dict[float, str] = {
    -1.0: "horrible terrible hate disgusting",
    -0.9: "awful dreadful nightmare misery",
    -0.8: "suffering hopeless despise unbearable",
    -0.7: "painful miserable terrified depressed",
    -0.6: "angry afraid guilty ashamed",
    -0.5: "sad bad lonely hurt",
    -0.4: "worried stressed annoying frustrated",
    -0.3: "boring tired difficult lazy",
    -0.2: "hard nervous problem dull",
    -0.1: "late busy effort chore",
    0.0: "thing time day way",
    0.1: "fine okay start able",
    0.2: "easy clear ready useful",
    0.3: "nice interesting healthy calm",
    0.4: "good pleasant comfortable safe",
    0.5: "glad better hopeful relaxing",
    0.6: "enjoy happy like proud",
    0.7: "fun great excited friendly",
    0.8: "delighted beautiful joy grateful",
    0.9: "love amazing excellent thrilled",
    1.0: "wonderful fantastic perfect blissful",
}

#: Grade by word, lower case. Words that are not listed say nothing.
POLARITY = MappingProxyType({word: grade for grade, words in _GRADES.items() for word in words.split()})
