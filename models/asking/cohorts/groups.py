"""Groups as people call them, other names of covariates, and words that say nothing in a question about many."""

from __future__ import annotations

_STOPPED = """
    verify repeat must call mark threshold criterion cutoff
    exist exists existing hope hoping run runs regard strongly markedly considerably substantially noticeably
    clearly systematically score scores scored scoring then still going combination combinations a an the of in
    on at to for from with is are was were be been being am do doing does did has have had having there their
    his her hers its they he it she them we i you me us my our ours your mine and that this these those such
    what how much tell give gave please pls kindly can could would should might may during as own where times
    time so also too store study dataset data table look see seen get got calculate compute computed report
    reported want wanted need know like really exactly precisely if s hello hi hey thanks thank question answer
    one ones themselves wonder wondering curious interested interest okay ok well now here whether any all
    overall general generally let let's lets i'd i'm i've we'd we'll i'll ask asking check checking examine
    investigate analyse analyze analysis explore figure figures number numbers overview summary summarise
    summarize result results statistic statistics information info regarding concerning regards respect terms
    term about into which's make makes made use using used take taken takes based obtained observed observe
    observable recorded measured value values amount amounts come comes came possible able happen happens
    would'd out it's that's what's there's who's how's across's produce produces exhibit exhibits exhibited
    display displays displayed show shows shown showing tend tends perform performed spend spent actually
    basically just simply draw plot present provide given within throughout participate belong belonging belongs
    involved contain contains contained collected available respective certain actual detected evidence true
    false case indeed maybe perhaps quite rather very anyway say says idea detail details extent degree people's
    sure glad great good cheers dear team kind sort words word's looking find's become becomes became reveal
    reveals per's has's whole entire full try trying evaluate assess assessed determine estimate estimated
    quantify put puts place placed another's return print output outputs tests test testing help helping
    currently said until's start's according i.e e.g ie eg etc way each's please's
"""
STOP = frozenset(_STOPPED.split())
CONTROLS = frozenset(("control", "controls", "hc", "healthy", "ctrl", "con", "nc", "ctl", "healthy control"))
PATIENTS = ("patient", "patients", "case", "cases", "clinical")
SEX = {
    "female": ("female", "females", "woman", "women", "girls", "girl", "lady", "ladies", "f", "w"),
    "male": ("male", "males", "man", "men", "boys", "boy", "gentlemen", "m"),
}
#: Names that a covariate may also go by.
ALIASES: dict[str, str] = {
    "sex": "sex, gender, sexes, genders",
    "gender": "gender, sex, genders, sexes",
    "age": "age, aged, how old, age in year, old, ages",
}
