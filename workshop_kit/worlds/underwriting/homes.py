"""The manual's rules for buildings: electrics, roof, water, heating and fire protection."""

from __future__ import annotations

from workshop_kit.worlds.underwriting.rules import CONDITIONS, DECLINE, GOOD, REFER, Core, Rule

ELECTRICS = (
    Rule(
        "fuse-box", "electrics", "electrics", CONDITIONS, "the fuse box",
        np=("a fuse box", "an old fuse box", "a fuse box instead of breakers"),
        np_other=("a fuse box in the cellar", "screw-in fuses in a fuse box"),
        says=("It still has a fuse box.", "The power runs through an old fuse box.", "There is a fuse box, no breakers."),
        says_other=("All circuits hang on a fuse box.", "Nobody ever swapped the fuse box for breakers."),
        clauses=(
            "the fuse box has to be replaced by a breaker panel within 60 days",
            "a breaker panel must take the place of the fuse box within 60 days, because old fuses let wires overheat",
            "since old fuses let wires overheat, the fuse box has to give way to a breaker panel within 60 days",
        ),
        brief=("breaker panel within 60 days for the fuse box", "fuse box: breaker panel within 60 days"),
        handbook="A fuse box is accepted on one condition: it is replaced by a breaker panel within 60 days of the "
        "start of cover. Old fuses let wires overheat long before they blow.",
        facts=(
            Core("condition", "A breaker panel replaces the fuse box.", ("breaker panel", "panel of breakers", "breaker box")),
            Core("time", "It has to be done within 60 days.", ("60 days", "sixty days"), wrong=("30 days", "90 days")),
        ),
    ),
    Rule(
        "aluminum", "electrics", "electrics", CONDITIONS, "the aluminum wiring",
        np=("aluminum wiring", "aluminum wiring throughout", "wiring made of aluminum"),
        np_other=("aluminum wires in the walls", "aluminum wiring from the seventies"),
        says=("The wiring is aluminum.", "It has aluminum wiring.", "The electrician found aluminum wiring."),
        says_other=("Aluminum wiring runs through all the rooms.", "Behind the sockets the wires are aluminum."),
        clauses=(
            "aluminum wiring needs an electrician's certificate before cover starts and adds {aluminum} to the premium",
            "for the aluminum wiring we need an electrician's certificate, and the premium goes up by {aluminum}, because its joints work loose",
            "because joints in aluminum wiring work loose, it takes an electrician's certificate and {aluminum} more premium",
        ),
        brief=(
            "electrician's certificate and plus {aluminum} for the aluminum wiring",
            "aluminum wiring: electrician's certificate, plus {aluminum}",
        ),
        handbook="Aluminum wiring needs an electrician's certificate before cover starts, and it adds {aluminum} to the "
        "premium. Joints in aluminum work loose with the years and glow.",
        facts=(
            Core("paper", "An electrician's certificate is needed.", ("electrician's certificate", "electricians certificate", "certificate from an electrician")),
            Core("amount", "Aluminum wiring adds {aluminum} to the premium.", ("{aluminum}",), "percent"),
        ),
    ),
    Rule(
        "knob-and-tube", "electrics", "electrics", DECLINE, "the knob-and-tube wiring",
        np=("knob-and-tube wiring", "old knob-and-tube wiring", "its original knob-and-tube wiring"),
        np_other=("knob-and-tube wiring in the attic", "wiring of the knob-and-tube kind"),
        says=("The wiring is knob-and-tube.", "It still runs on knob-and-tube wiring.", "There is knob-and-tube wiring in the walls."),
        says_other=("Knob-and-tube wiring was never taken out.", "The survey mentions knob-and-tube wiring."),
        clauses=(
            "knob-and-tube wiring is outside what we insure, and we can look again once the building is rewired",
            "we do not take knob-and-tube wiring, because it has no ground and its cover crumbles; once the building is rewired we can look again",
            "because knob-and-tube wiring has no ground and its cover crumbles, nothing can be offered until the building is rewired",
        ),
        brief=("knob-and-tube wiring is out until the building is rewired", "knob-and-tube: ask again once it is rewired"),
        handbook="A building with knob-and-tube wiring is declined, and can be looked at again once it is rewired. Such "
        "wiring has no ground and its cover crumbles.",
        facts=(
            Core("step", "It can be looked at again once the building is rewired.", ("rewired", "rewiring", "rewire", "new wiring")),
        ),
    ),
    Rule(
        "new-wiring", "electrics", "electrics", GOOD, "the modern wiring",
        np=("modern wiring", "modern wiring and breakers", "wiring renewed last year"),
        np_other=("modern wiring all through", "brand-new wiring"),
        says=("The wiring is modern.", "It has modern wiring with breakers.", "The wiring was renewed last year."),
        says_other=("All the wiring is new.", "The wiring is modern throughout."),
        clauses=("modern wiring changes nothing", "the modern wiring needs nothing more", "nothing is asked for modern wiring"),
        brief=("modern wiring fine", "nothing for the modern wiring"),
        handbook="Modern wiring with breakers changes nothing: there is no condition and no change of premium.",
    ),
)  # fmt: skip

ROOF = (
    Rule(
        "shingles", "roof", "roof", CONDITIONS, "the wood shingles",
        np=("wood shingles on the roof", "a roof of wood shingles", "a wood-shingle roof"),
        np_other=("wood shingles overhead", "a roof covered in wood shingles"),
        says=("The roof is wood shingles.", "It has wood shingles on the roof.", "Wood shingles cover the roof."),
        says_other=("Up top there are wood shingles.", "They kept the wood shingles on the roof."),
        clauses=(
            "wood shingles carry a wind and hail deductible of {shingles} of the sum insured",
            "for the wood shingles there is a wind and hail deductible of {shingles}, because storms lift them and hail splits them",
            "because storms lift wood shingles and hail splits them, a wind and hail deductible of {shingles} applies",
        ),
        brief=("wind and hail deductible {shingles} for the wood shingles", "wood shingles: wind and hail deductible {shingles}"),
        handbook="A roof of wood shingles carries a wind and hail deductible of {shingles} of the sum insured. Storms lift "
        "the shingles and hail splits them.",
        facts=(
            Core("condition", "A wind and hail deductible applies.", ("wind and hail", "hail and wind", "wind or hail")),
            Core("amount", "The wind and hail deductible is {shingles}.", ("{shingles}",), "percent"),
        ),
    ),
    Rule(
        "thatch", "roof", "roof", REFER, "the thatched roof",
        np=("a thatched roof", "thatch on the roof", "a roof of thatch"),
        np_other=("a roof thatched with reed", "a thatch over it"),
        says=("The roof is thatched.", "It has a thatched roof.", "The roof is thatch."),
        says_other=("It is thatched with reed.", "The thatch on it is the pride of the village."),
        clauses=(
            "a thatched roof goes to the heritage desk, and the chimney needs a spark arrestor",
            "the heritage desk decides on thatch and will ask for a spark arrestor, because one spark can take the whole roof",
            "because one spark can take the whole roof, thatch belongs to the heritage desk and the chimney gets a spark arrestor",
        ),
        brief=("heritage desk for the thatch, spark arrestor on the chimney", "thatch: heritage desk, with a spark arrestor"),
        handbook="A thatched roof is referred to the heritage desk, and the chimney needs a spark arrestor. One spark can "
        "take the whole roof.",
        facts=(
            Core("name", "The heritage desk decides on thatch.", ("heritage desk",), "desk"),
            Core("condition", "The chimney needs a spark arrestor.", ("spark arrestor", "spark arrester", "spark guard")),
        ),
    ),
    Rule(
        "flat-roof", "roof", "roof", CONDITIONS, "the flat roof",
        np=("a flat roof", "a flat roof of felt", "a roof that is flat"),
        np_other=("a flat roof on top", "a flat, tarred roof"),
        says=("The roof is flat.", "It has a flat roof.", "There is a flat roof on it."),
        says_other=("Its roof is flat and covered with felt.", "They have a flat roof up there."),
        clauses=(
            "a flat roof has to be surveyed every three years, and slow leaks are excluded",
            "for the flat roof we want a survey every three years and exclude slow leaks, because water stands on it",
            "because water stands on a flat roof, slow leaks are excluded and it is surveyed every three years",
        ),
        brief=("flat roof surveyed every three years, slow leaks excluded", "flat roof: survey every three years, no slow leaks"),
        handbook="A flat roof is surveyed every three years, and slow leaks are excluded. Water stands on such a roof and "
        "finds its way in.",
        facts=(
            Core("time", "The flat roof is surveyed every three years.", ("three years", "3 years"), wrong=("two years", "ten years", "every two years")),
            Core("condition", "Slow leaks are excluded.", ("slow leaks", "slow leak", "slow leakage")),
        ),
    ),
    Rule(
        "slate", "roof", "roof", GOOD, "the slate roof",
        np=("a slate roof", "slates on the roof", "a sound slate roof"),
        np_other=("a slate roof in good order", "a roof of slate"),
        says=("The roof is slate.", "It has a slate roof.", "Slates cover the roof."),
        says_other=("Its roof is good slate.", "The slate roof is in good order."),
        clauses=("a slate roof changes nothing", "the slate roof needs nothing more", "nothing is asked for a slate roof"),
        brief=("slate roof fine", "nothing for the slate roof"),
        handbook="A slate roof changes nothing: there is no condition and no change of premium.",
    ),
)  # fmt: skip

WATER = (
    Rule(
        "zone-a", "water", "flood", CONDITIONS, "flood zone A",
        np=("an address in flood zone A", "a place in zone A on the flood map", "a flood zone A address"),
        np_other=("a plot that lies in flood zone A", "a zone A mark on the flood map"),
        says=("It lies in flood zone A.", "The flood map says zone A.", "The address is in flood zone A."),
        says_other=("On the flood map the street is zone A.", "We are talking about flood zone A."),
        clauses=(
            "flood is excluded in zone A, and the state flood pool sells that cover",
            "in zone A flood is excluded, because the river comes too often; the state flood pool can help there",
            "because the river comes too often in zone A, flood is excluded and left to the state flood pool",
        ),
        brief=("flood excluded in zone A, see the state flood pool", "zone A: flood excluded, state flood pool instead"),
        handbook="In flood zone A, flood is excluded; the state flood pool sells that cover. The river comes too often there.",
        facts=(
            Core(
                "condition", "Flood is excluded.",
                ("flood is excluded", "flood excluded", "excludes flood", "exclude flood", "flood is left out", "flood is not covered", "without flood"),
                wrong=("flood is covered", "flood is included"),
            ),
            Core("name", "The state flood pool sells flood cover.", ("flood pool",)),
        ),
    ),
    Rule(
        "zone-b", "water", "flood", CONDITIONS, "flood zone B",
        np=("an address in flood zone B", "a place in zone B on the flood map", "a flood zone B address"),
        np_other=("a plot that lies in flood zone B", "a zone B mark on the flood map"),
        says=("It lies in flood zone B.", "The flood map says zone B.", "The address is in flood zone B."),
        says_other=("On the flood map the street is zone B.", "We are talking about flood zone B."),
        clauses=(
            "zone B carries a flood deductible of {zone_b}",
            "in zone B there is a flood deductible of {zone_b}, because high water is possible there",
            "because high water is possible in zone B, a flood deductible of {zone_b} applies",
        ),
        brief=("flood deductible {zone_b} for zone B", "zone B: flood deductible {zone_b}"),
        handbook="In flood zone B, flood is covered with a flood deductible of {zone_b}. High water is possible there, but rare.",
        facts=(
            Core("amount", "The flood deductible is {zone_b}.", ("{zone_b}",), "dollars", ("flood is excluded", "flood pool")),
        ),
    ),
    Rule(
        "zone-c", "water", "flood", GOOD, "flood zone C",
        np=("an address in flood zone C", "a place in zone C on the flood map", "a flood zone C address"),
        np_other=("a plot that lies in flood zone C", "a zone C mark on the flood map"),
        says=("It lies in flood zone C.", "The flood map says zone C.", "The address is in flood zone C."),
        says_other=("On the flood map the street is zone C.", "We are talking about flood zone C."),
        clauses=("flood zone C changes nothing", "flood zone C needs nothing more", "nothing is asked for flood zone C"),
        brief=("zone C fine", "nothing for flood zone C"),
        handbook="In flood zone C nothing changes: flood is covered like any other loss.",
    ),
    Rule(
        "pipes", "water", "pipes", CONDITIONS, "the galvanized pipes",
        np=("galvanized pipes", "old galvanized pipes", "galvanized water pipes"),
        np_other=("galvanized pipes under the floors", "plumbing with galvanized pipes"),
        says=("The pipes are galvanized.", "It has galvanized pipes.", "The plumbing is old galvanized pipes."),
        says_other=("Its water runs through galvanized pipes.", "The plumber speaks of galvanized pipes."),
        clauses=(
            "galvanized pipes bring a water damage deductible of {pipes} and need a leak detector",
            "for the galvanized pipes there is a water damage deductible of {pipes} and a leak detector is required, because they rust from within",
            "because galvanized pipes rust from within, we want a leak detector and a water damage deductible of {pipes}",
        ),
        brief=(
            "leak detector and water damage deductible {pipes} for the galvanized pipes",
            "galvanized pipes: leak detector, water damage deductible {pipes}",
        ),
        handbook="Galvanized pipes bring a water damage deductible of {pipes}, and a leak detector is required. Such pipes "
        "rust from within and burst without warning.",
        facts=(
            Core("amount", "The water damage deductible is {pipes}.", ("{pipes}",), "dollars"),
            Core("condition", "A leak detector is required.", ("leak detector", "leak detectors", "leak alarm")),
        ),
    ),
)  # fmt: skip

FIRE = (
    Rule(
        "no-hydrant", "fire", "hydrant", CONDITIONS, "the missing hydrant",
        np=("no hydrant nearby", "no fire hydrant near it", "no hydrant within reach"),
        np_other=("no hydrant anywhere near", "no hydrant on the street"),
        says=("There is no hydrant nearby.", "No fire hydrant is near it.", "It has no hydrant within reach."),
        says_other=("You look for a hydrant in vain.", "The street has no hydrant."),
        clauses=(
            "without a hydrant nearby the premium goes up by {hydrant}",
            "no hydrant nearby adds {hydrant} to the premium, because water has to be trucked in",
            "because water has to be trucked in, the missing hydrant adds {hydrant} to the premium",
        ),
        brief=("plus {hydrant} for the missing hydrant", "no hydrant: plus {hydrant}"),
        handbook="Where there is no hydrant nearby, {hydrant} is added to the premium. Water has to be trucked in for every fire.",
        facts=(Core("amount", "No hydrant nearby adds {hydrant} to the premium.", ("{hydrant}",), "percent"),),
    ),
    Rule(
        "sprinklers", "fire", "sprinklers", GOOD, "the sprinklers",
        np=("sprinklers", "a sprinkler system", "sprinklers in every room"),
        np_other=("sprinklers overhead", "working sprinklers"),
        says=("It has sprinklers.", "There are sprinklers in every room.", "A sprinkler system is in place."),
        says_other=("They put in sprinklers.", "Sprinklers guard the whole place."),
        clauses=(
            "sprinklers earn a discount of {sprinklers}",
            "for the sprinklers we take {sprinklers} off the premium, because they put out most fires early",
            "because sprinklers put out most fires early, they earn a discount of {sprinklers}",
        ),
        brief=("minus {sprinklers} for the sprinklers", "sprinklers: minus {sprinklers}"),
        handbook="Sprinklers earn a discount of {sprinklers}. They put out most fires before the engines arrive.",
        facts=(Core("amount", "Sprinklers earn a discount of {sprinklers}.", ("{sprinklers}",), "percent"),),
    ),
    Rule(
        "stove", "fire", "heating", CONDITIONS, "the wood stove",
        np=("a wood stove", "a wood-burning stove", "a wood stove in the living room"),
        np_other=("a wood stove for the winter", "a big wood stove"),
        says=("It is heated with a wood stove.", "There is a wood stove in it.", "They heat with a wood stove."),
        says_other=("A wood stove keeps it warm.", "In winter the wood stove is lit every day."),
        clauses=(
            "a wood stove needs its chimney swept every year, with the sweep's receipt on file",
            "for the wood stove the chimney has to be swept every year and we keep the sweep's receipt, because soot catches fire",
            "because soot catches fire, the chimney of a wood stove is swept every year and we want the sweep's receipt",
        ),
        brief=("chimney swept every year for the wood stove, sweep's receipt on file", "wood stove: chimney swept every year, sweep's receipt"),
        handbook="With a wood stove, the chimney has to be swept every year, and the sweep's receipt goes on file. Soot "
        "in a chimney catches fire.",
        facts=(
            Core("condition", "The chimney is swept every year.", ("swept", "chimney sweep", "sweep the chimney", "chimney sweeping")),
            Core("paper", "The sweep's receipt is needed.", ("sweep's receipt", "receipt from the sweep", "sweeps receipt", "receipt")),
        ),
    ),
)  # fmt: skip
