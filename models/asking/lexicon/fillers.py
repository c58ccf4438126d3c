"""Words that carry no meaning of their own in a question about a recording."""

from __future__ import annotations

_WORDS = (
    "a about across actually again all along also altogether am an analyse analysis analyze and animal animals "
    "another any anybody anyone are area arm arms as at available based be been behave behaving behavior behaviour "
    "being between body both bout bouts box but by cage calculate call called can chamber chambers clip come compare "
    "comparison compartment compartments compute condition conditions consider considered could create criteria "
    "current currently data dataset define defined definition describe detect determine did display do does done draw "
    "during each enclosure entire episode episodes event events ever every exactly exist field file find following "
    "for found frame from get give go goes graph had happen happening has have having he her hers him his hold holds "
    "how i i'd i'll i'm identify if image individual individuals instance instances interval intervals into is it "
    "it's its itself just keep keeps kept keypoint kindly know known leg let lie lies like limb list located location "
    "locations looking lying make may me mean means measure mice might moment moments mouse movie my named need not "
    "obtain occur occurrence occurrences occurring of off often on one one's ones only onset onto or other others our "
    "out over overall part participant participants pass passed passes people per period periods person picture place "
    "platform please plot point position positions print quadrant rat rats really recording region remain remains "
    "report respective respectively return roi s same second seconds see segment segments self session set she should "
    "show side sit sits sitting so some somebody someone spatial spend spends stand standing stands stay stays "
    "stretch stretches subject subjects take tell than that the their them themselves then there these they this "
    "those threshold time times timestamp timestamps to together total tracked up us use using value values video "
    "visualisation visualise visualize want was we we'd were what when whenever where where's whether which who whole "
    "whom whose why will window with would you your zone "
)
FILLERS = frozenset(_WORDS.split())
