"""The manual's rules for buildings: electrics, roof, water, fire protection and heating."""

from __future__ import annotations

from workshop_kit.worlds.underwriting.rules import CONDITIONS, DECLINE, GOOD, REFER, Core, Rule

ELECTRICS = (
    Rule(
        "fuse-box", "electrics", "electrics", CONDITIONS, "the fuse box",
        np=("a fuse box", "an old fuse box", "a fuse box instead of breakers"),
        np_other=("a fuse box in the cellar", "its first fuse box"),
        says=("It still has a fuse box.", "The power runs through an old fuse box.", "There is a fuse box, no breakers."),
        says_other=("All circuits hang on a fuse box.", "Nobody ever swapped the fuse box for breakers."),
        then="a fuse box must be replaced with a breaker panel within 60 days",
        why="old fuses can overheat",
        facts=(
            Core("condition", "A breaker panel replaces the fuse box.", ("breaker panel", "panel of breakers", "breaker box")),
            Core("time", "It has to be done within 60 days.", ("60 days", "sixty days"), wrong=("30 days", "90 days")),
        ),
    ),
    Rule(
        "aluminum", "electrics", "electrics", CONDITIONS, "the aluminum wiring",
        np=("aluminum wiring", "aluminum wiring throughout", "old aluminum wiring"),
        np_other=("aluminum wiring in the walls", "aluminum wiring from the seventies"),
        says=("The wiring is aluminum.", "It has aluminum wiring.", "The electrician found aluminum wiring."),
        says_other=("Aluminum wiring runs through all the rooms.", "Behind the sockets the wires are aluminum."),
        then="aluminum wiring needs an electrician's certificate and adds {aluminum} to the premium",
        why="the joints can work loose",
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
        then="knob-and-tube wiring must be declined until the building is rewired",
        why="the old insulation crumbles",
        facts=(
            Core("step", "It can be looked at again once the building is rewired.", ("rewired", "rewiring", "rewire", "new wiring")),
        ),
    ),
    Rule(
        "new-wiring", "electrics", "electrics", GOOD, "the modern wiring",
        np=("modern wiring", "modern wiring and breakers", "all modern wiring"),
        np_other=("modern wiring all through", "modern wiring from last year"),
        says=("The wiring is modern.", "It has modern wiring with breakers.", "The wiring is modern and safe."),
        says_other=("All the wiring is modern.", "The wiring is modern throughout."),
        then="modern wiring needs nothing more",
    ),
)  # fmt: skip

ROOF = (
    Rule(
        "shingles", "roof", "roof", CONDITIONS, "the wood shingle roof",
        np=("wood shingles on the roof", "a roof of wood shingles", "a wood shingle roof"),
        np_other=("wood shingles overhead", "a roof covered in wood shingles"),
        says=("The roof is wood shingles.", "It has a wood shingle roof.", "Wood shingles cover the roof."),
        says_other=("Up top there are wood shingles.", "They kept the wood shingles on the roof."),
        then="a wood shingle roof carries a wind and hail deductible of {shingles}",
        why="storms can lift the shingles",
        facts=(
            Core("condition", "A wind and hail deductible applies.", ("wind and hail", "hail and wind", "wind or hail")),
            Core("amount", "The wind and hail deductible is {shingles}.", ("{shingles}",), "percent"),
        ),
    ),
    Rule(
        "thatch", "roof", "roof", REFER, "the thatched roof",
        np=("a thatched roof", "thatch on the roof", "an old thatched roof"),
        np_other=("a roof thatched with reed", "a thatched roof over it"),
        says=("The roof is thatched.", "It has a thatched roof.", "The roof is thatch."),
        says_other=("It is thatched with reed.", "Its thatched roof is the pride of the village."),
        then="a thatched roof must be referred to the heritage desk, and the chimney needs a spark arrestor",
        why="one spark can burn the whole roof",
        facts=(
            Core("name", "The heritage desk decides on thatch.", ("heritage desk",), "desk"),
            Core("condition", "The chimney needs a spark arrestor.", ("spark arrestor", "spark arrester", "spark guard")),
        ),
    ),
    Rule(
        "slate", "roof", "roof", GOOD, "the slate roof",
        np=("a slate roof", "slates on the roof", "a sound slate roof"),
        np_other=("a slate roof in good order", "a roof of slate"),
        says=("The roof is slate.", "It has a slate roof.", "Slates cover the roof."),
        says_other=("Its roof is good slate.", "The slate roof is in good order."),
        then="a slate roof needs nothing more",
    ),
)  # fmt: skip

WATER = (
    Rule(
        "river", "water", "flood", CONDITIONS, "the river nearby",
        np=("a river nearby", "a river behind the garden", "the river close by"),
        np_other=("a river at the foot of the lot", "a river across the road"),
        says=("It is close to the river.", "There is a river nearby.", "The river runs behind it."),
        says_other=("From the window you see the river.", "The river is just down the lane."),
        then="a river nearby means a flood deductible of {river}",
        why="high water comes every few years",
        facts=(Core("amount", "The flood deductible is {river}.", ("{river}",), "dollars"),),
    ),
    Rule(
        "coast", "water", "flood", CONDITIONS, "the place on the coast",
        np=("a place on the coast", "an address on the coast", "a view of the coast"),
        np_other=("a spot right on the coast", "the coast at its doorstep"),
        says=("It is on the coast.", "The address is on the coast.", "It stands right on the coast."),
        says_other=("We are talking about the coast here.", "The coast is a few steps away."),
        then="on the coast, storm surge is excluded and the state flood pool can cover it",
        why="waves can reach the building",
        facts=(
            Core(
                "condition", "Storm surge is excluded.",
                ("storm surge is excluded", "excludes storm surge", "exclude storm surge", "storm surge excluded", "storm surge is not covered", "without storm surge"),
                wrong=("storm surge is covered", "storm surge is included"),
            ),
            Core("name", "The state flood pool can cover it.", ("flood pool",)),
        ),
    ),
    Rule(
        "hill", "water", "flood", GOOD, "the place on a hill",
        np=("a place on a hill", "an address on a hill", "a spot on a hill"),
        np_other=("a place high on a hill", "a hill under it"),
        says=("It stands on a hill.", "It is on a hill.", "The address is on a hill."),
        says_other=("You have to climb a hill to get there.", "It looks down from a hill."),
        then="a place on a hill needs nothing more",
    ),
    Rule(
        "pipes", "water", "pipes", CONDITIONS, "the galvanized pipes",
        np=("galvanized pipes", "old galvanized pipes", "galvanized water pipes"),
        np_other=("galvanized pipes under the floors", "plumbing with galvanized pipes"),
        says=("The pipes are galvanized.", "It has galvanized pipes.", "The plumbing is old galvanized pipes."),
        says_other=("Its water runs through galvanized pipes.", "The plumber speaks of galvanized pipes."),
        then="galvanized pipes need a leak detector and carry a water damage deductible of {pipes}",
        why="such pipes rust from inside",
        facts=(
            Core("condition", "A leak detector is required.", ("leak detector", "leak detectors", "leak alarm")),
            Core("amount", "The water damage deductible is {pipes}.", ("{pipes}",), "dollars"),
        ),
    ),
)  # fmt: skip

FIRE = (
    Rule(
        "no-hydrant", "fire", "hydrant", CONDITIONS, "the missing hydrant",
        np=("no hydrant nearby", "no fire hydrant nearby", "no hydrant within reach"),
        np_other=("no hydrant anywhere near", "no hydrant on the street"),
        says=("There is no hydrant nearby.", "No fire hydrant is near it.", "It has no hydrant within reach."),
        says_other=("You look for a hydrant in vain.", "The street has no hydrant."),
        then="no hydrant nearby adds {hydrant} to the premium",
        why="water must be trucked in",
        facts=(Core("amount", "No hydrant nearby adds {hydrant} to the premium.", ("{hydrant}",), "percent"),),
    ),
    Rule(
        "sprinklers", "fire", "sprinklers", GOOD, "the sprinklers",
        np=("sprinklers", "a sprinkler system", "sprinklers in every room"),
        np_other=("sprinklers overhead", "working sprinklers"),
        says=("It has sprinklers.", "There are sprinklers in every room.", "A sprinkler system is in place."),
        says_other=("They put in sprinklers.", "Sprinklers guard the whole place."),
        then="sprinklers earn a discount of {sprinklers}",
        why="most fires are stopped early",
        facts=(Core("amount", "Sprinklers earn a discount of {sprinklers}.", ("{sprinklers}",), "percent"),),
    ),
    Rule(
        "stove", "fire", "heating", CONDITIONS, "the wood stove",
        np=("a wood stove", "an old wood stove", "a wood stove in the living room"),
        np_other=("a wood stove for the winter", "a big wood stove"),
        says=("It is heated with a wood stove.", "There is a wood stove in it.", "They heat with a wood stove."),
        says_other=("A wood stove keeps it warm.", "In winter the wood stove is lit every day."),
        then="a wood stove needs its chimney swept every year, with the sweep's receipt on file",
        why="soot can catch fire",
        facts=(
            Core("condition", "The chimney is swept every year.", ("swept", "chimney sweep", "sweep the chimney", "chimney sweeping")),
            Core("paper", "The sweep's receipt is needed.", ("sweep's receipt", "receipt from the sweep", "sweeps receipt", "receipt")),
        ),
    ),
)  # fmt: skip
