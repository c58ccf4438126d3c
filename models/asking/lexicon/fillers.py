"""Words that carry no meaning of their own in a question about a recording."""

from __future__ import annotations

_WORDS = (
    "a able about across actually again all along also altogether am among amongst an analyse analysis analyze and "
    "animal animals another any anybody anyone approximately are area arm arms as ask asking at available based "
    "basically be been behave behaving behavior behaviour being between body both bout bouts but by cage calculate "
    "call called can certain chamber chambers clip come compare comparison compartment compartments complete compute "
    "condition conditions consider considered could create criteria current currently data dataset dear define "
    "defined definition describe detect determine did display do does done draw duration durations during each "
    "enclosure entire enumerate episode episodes event events ever every exactly execute exist experiment extract "
    "fetch field file film find following footage for found frame from full generate get give given go goes graph had "
    "happen happened happening happens has have having he hello help her hers hey hi highlight him his hold holds how "
    "i i'd i'll i'm id identify if im image individual individuals inspect instance instances interested interval "
    "intervals into is it it's its itself ive just keep keeps kept keypoint kindly known leg length let let's lets "
    "lie lies like limb list listing locate located location locations looking lying make may maybe me mean means "
    "measure mice might mine moment moments mouse movie my named need not noted nr number obtain occasion occasions "
    "occur occurred occurrence occurrences occurring occurs of off often ok okay on one one's ones only onset onto or "
    "other others our out output over overall part participant participants particular pass passed passes people per "
    "perform perhaps period periods person picture place places platform please plot pls plz point position positions "
    "possible possibly print produce provide put puts quadrant question rat rats really recording region remain "
    "remains report respective respectively return roi roughly s same second seconds see seen segment segments self "
    "session sessions set she should show side simply sit sits sitting so some somebody someone spatial specific "
    "spend spends stand standing stands stay stays subject subjects such sum take taken takes tell test than thank "
    "thanks that the their them themselves then there these they this those threshold thx time timepoint timepoints "
    "times timestamp timestamps to together took total tracked tracking tracks trial try trying up us use using value "
    "values via video visualisation visualise visualize want wanted wants was we we'd well were what whatever when "
    "whenever where where's whether which whichever who whole whom whose why will window with wonder wondered "
    "wondering would you your zone "
)
FILLERS = frozenset(_WORDS.split())
