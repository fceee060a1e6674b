"""The manual's rules for what a building is used for, for claims, for large sums, and for the office itself."""

from __future__ import annotations

from workshop_kit.worlds.underwriting.rules import CONDITIONS, DECLINE, GOOD, REFER, Core, Procedure, Rule

OCCUPANCY = (
    Rule(
        "owner", "occupancy", "use", GOOD, "the owner living there",
        np=("a {home} that the owner lives in", "an owner-occupied {home}", "a {home} lived in by its owner"),
        np_other=("a {home} where the owner lives", "a {home} with its owner in it"),
        says=(), says_other=(),
        clauses=("an owner living there changes nothing", "a home that its owner lives in needs nothing more"),
        brief=("owner living there fine", "nothing for the owner living there"),
        handbook="A home that its owner lives in changes nothing: there is no condition and no change of premium.",
    ),
    Rule(
        "tenants", "occupancy", "use", CONDITIONS, "the tenants",
        np=("a {home} let to tenants", "a rented {home} with tenants", "a {home} with tenants in it"),
        np_other=("a {home} where tenants live", "a {home} rented out to tenants"),
        says=(), says_other=(),
        clauses=(
            "a home let to tenants needs a gas and wiring check every year, and theft by tenants is excluded",
            "with tenants there is a gas and wiring check every year, and we exclude theft by tenants, because they come and go",
            "because tenants come and go, theft by tenants is excluded and we ask for a gas and wiring check every year",
        ),
        brief=(
            "yearly gas and wiring check for the tenants, theft by tenants excluded",
            "tenants: gas and wiring check every year, theft by tenants excluded",
        ),
        handbook="A home let to tenants needs a gas and wiring check every year, and theft by tenants is excluded. "
        "Tenants come and go, and so do their keys.",
        facts=(
            Core(
                "condition", "A gas and wiring check is needed every year.",
                ("gas and wiring check", "gas and wiring checks", "check of gas and wiring", "gas and wiring checked", "gas and wiring are checked"),
            ),
            Core(
                "condition", "Theft by tenants is excluded.",
                ("theft by tenants", "theft by the tenants", "theft by a tenant", "thefts by tenants", "tenant theft"),
            ),
        ),
    ),
    Rule(
        "guests", "occupancy", "use", CONDITIONS, "the paying guests",
        np=("a {home} let to holiday guests", "a {home} for holiday guests", "a {home} rented to holiday guests by the night"),
        np_other=("a {home} where holiday guests stay", "a {home} offered online to holiday guests"),
        says=(), says_other=(),
        clauses=(
            "letting to holiday guests adds {guests} to the premium and takes a smoke alarm in every bedroom",
            "for holiday guests there has to be a smoke alarm in every bedroom, and the premium goes up by {guests}, because strangers do not know the way out",
            "because strangers do not know the way out, holiday guests mean a smoke alarm in every bedroom and {guests} more premium",
        ),
        brief=(
            "smoke alarm in every bedroom and plus {guests} for the holiday guests",
            "holiday guests: plus {guests}, smoke alarm in every bedroom",
        ),
        handbook="Letting to holiday guests adds {guests} to the premium, and there has to be a smoke alarm in every "
        "bedroom. Strangers do not know the way out at night.",
        facts=(
            Core("amount", "Holiday guests add {guests} to the premium.", ("{guests}",), "percent"),
            Core("condition", "A smoke alarm is needed in every bedroom.", ("smoke alarm", "smoke alarms", "smoke detector", "smoke detectors")),
        ),
    ),
    Rule(
        "empty", "occupancy", "use", CONDITIONS, "the empty home",
        np=("a {home} that stands empty", "an empty {home}", "a {home} nobody lives in, quite empty"),
        np_other=("a {home} that has been empty since spring", "a {home} left empty for now"),
        says=(), says_other=(),
        clauses=(
            "an empty home needs its water turned off, and vandalism is excluded",
            "while it stands empty the water has to be turned off and vandalism is excluded, because nobody sees a leak or a broken pane",
            "because nobody sees a leak or a broken pane in an empty home, we exclude vandalism and want the water turned off",
        ),
        brief=("water turned off while empty, vandalism excluded", "empty: water turned off, no cover for vandalism"),
        handbook="An empty home needs its water turned off, and vandalism is excluded. Nobody is there to see a leak or a "
        "broken pane.",
        facts=(
            Core("condition", "The water has to be turned off.", ("water turned off", "water off", "turn off the water", "water has to be turned off", "water must be turned off", "water shut off", "water is turned off")),
            Core("condition", "Vandalism is excluded.", ("vandalism is excluded", "exclude vandalism", "vandalism excluded", "no cover for vandalism", "excludes vandalism", "vandalism is not covered"), wrong=("vandalism is covered",)),
        ),
    ),
)  # fmt: skip

TRADES = (
    Rule(
        "office", "trades", "trade", GOOD, "the office",
        np=("an office", "a small office", "an architect's office"),
        np_other=("an office with four desks", "a lawyer's office"),
        says=(), says_other=(),
        clauses=("an office changes nothing", "an office needs nothing more", "nothing is asked for an office"),
        brief=("office use fine", "nothing for the office"),
        handbook="An office changes nothing: there is no condition and no change of premium.",
    ),
    Rule(
        "bakery", "trades", "trade", CONDITIONS, "the bakery",
        np=("a bakery", "a small bakery", "a village bakery"),
        np_other=("a family bakery", "a bakery with two ovens"),
        says=(), says_other=(),
        clauses=(
            "a bakery has to have its flues cleaned every six months",
            "for a bakery we ask for flues cleaned every six months, because flour dust and grease gather there",
            "because flour dust and grease gather in them, the bakery's flues have to be cleaned every six months",
        ),
        brief=("flues cleaned every six months for the bakery", "bakery: flues cleaned every six months"),
        handbook="A bakery has its flues cleaned every six months. Flour dust and grease gather there and burn.",
        facts=(
            Core("condition", "The flues have to be cleaned.", ("flues", "flue")),
            Core("time", "They are cleaned every six months.", ("six months", "6 months"), wrong=("three months", "twelve months")),
        ),
    ),
    Rule(
        "fryers", "trades", "trade", CONDITIONS, "the deep fryers",
        np=("a restaurant with deep fryers", "a chicken shop with deep fryers", "a diner with deep fryers"),
        np_other=("a snack bar that uses deep fryers", "a fish restaurant with its deep fryers"),
        says=(), says_other=(),
        clauses=(
            "deep fryers need an extinguishing system above them and add {fryers} to the premium",
            "over the deep fryers there has to be an extinguishing system, and the premium goes up by {fryers}, because hot oil flares up in seconds",
            "because hot oil flares up in seconds, deep fryers mean an extinguishing system and {fryers} more premium",
        ),
        brief=("extinguishing system and plus {fryers} for the deep fryers", "deep fryers: extinguishing system, plus {fryers}"),
        handbook="Deep fryers need an extinguishing system above them, and {fryers} is added to the premium. Hot oil flares "
        "up in seconds.",
        facts=(
            Core("condition", "An extinguishing system is needed over the fryers.", ("extinguishing system", "extinguisher system", "extinguishing systems")),
            Core("amount", "Deep fryers add {fryers} to the premium.", ("{fryers}",), "percent"),
        ),
    ),
    Rule(
        "joinery", "trades", "trade", CONDITIONS, "the joinery",
        np=("a joinery", "a small joinery", "a joinery that makes doors"),
        np_other=("a joinery with six people", "a family joinery"),
        says=(), says_other=(),
        clauses=(
            "a joinery needs dust extraction at every saw and pays {joinery} more premium",
            "for a joinery we want dust extraction, and the premium goes up by {joinery}, because sawdust burns like powder",
            "because sawdust burns like powder, a joinery has dust extraction put in and pays {joinery} more premium",
        ),
        brief=("dust extraction and plus {joinery} for the joinery", "joinery: dust extraction, plus {joinery}"),
        handbook="A joinery needs dust extraction at every saw, and pays {joinery} more premium. Sawdust burns like powder.",
        facts=(
            Core("condition", "Dust extraction is needed.", ("dust extraction", "dust extractor", "dust extractors", "extraction of dust")),
            Core("amount", "A joinery pays {joinery} more premium.", ("{joinery}",), "percent"),
        ),
    ),
    Rule(
        "corner-shop", "trades", "trade", CONDITIONS, "the corner shop",
        np=("a corner shop", "a small corner shop", "a corner shop with a till"),
        np_other=("a corner shop by the station", "a corner shop open until midnight"),
        says=(), says_other=(),
        clauses=(
            "a corner shop needs a monitored alarm, and cash is covered up to {cash} only",
            "for a corner shop we want a monitored alarm and cover cash up to {cash}, because tills draw burglars",
            "because tills draw burglars, a corner shop has its cash covered up to {cash} and needs a monitored alarm",
        ),
        brief=("monitored alarm for the corner shop, cash up to {cash}", "corner shop: monitored alarm, cash limit {cash}"),
        handbook="A corner shop needs a monitored alarm, and its cash is covered up to {cash} only. Tills draw burglars.",
        facts=(
            Core("condition", "A monitored alarm is needed.", ("monitored alarm", "alarm that is monitored")),
            Core("amount", "Cash is covered up to {cash}.", ("{cash}",), "dollars"),
        ),
    ),
    Rule(
        "dry-cleaner", "trades", "trade", REFER, "the dry cleaner",
        np=("a dry cleaner", "a dry cleaner's shop", "a small dry cleaner"),
        np_other=("a dry cleaner in a mall", "a family-run dry cleaner"),
        says=(), says_other=(),
        clauses=(
            "a dry cleaner goes to the environment desk, and pollution is excluded",
            "the environment desk decides on a dry cleaner and pollution is excluded, because solvents seep into the ground",
            "because solvents seep into the ground, a dry cleaner belongs to the environment desk and we exclude pollution",
        ),
        brief=("environment desk for the dry cleaner, pollution excluded", "dry cleaner: environment desk, no pollution cover"),
        handbook="A dry cleaner is referred to the environment desk, and pollution is excluded. Solvents seep into the ground.",
        facts=(
            Core("name", "The environment desk decides on dry cleaners.", ("environment desk", "environmental desk"), "desk"),
            Core("condition", "Pollution is excluded.", ("pollution is excluded", "exclude pollution", "pollution excluded", "no pollution cover", "excludes pollution", "pollution is not covered"), wrong=("pollution is covered",)),
        ),
    ),
    Rule(
        "fireworks", "trades", "trade", DECLINE, "the fireworks",
        np=("a shop that sells fireworks", "a fireworks shop", "a store for fireworks"),
        np_other=("a shop with fireworks on its shelves", "a fireworks seller"),
        says=(), says_other=(),
        clauses=(
            "fireworks are outside what we insure, and the specialist market is the place to ask",
            "we do not take fireworks, because one shelf can level a block; the specialist market may help",
            "because one shelf of fireworks can level a block, we leave them to the specialist market",
        ),
        brief=("fireworks are out, try the specialist market", "fireworks: one for the specialist market"),
        handbook="A shop that sells fireworks is declined; the specialist market is the place to ask. One shelf can level "
        "a block.",
        facts=(Core("name", "The specialist market takes fireworks.", ("specialist market", "specialist insurer", "specialist insurers")),),
    ),
)  # fmt: skip

CLAIMS = (
    Rule(
        "no-claims", "claims", "claims", GOOD, "the claim-free record",
        np=("no claims in five years", "five years without a claim", "not one claim in five years"),
        np_other=("no claim at all in five years", "a clean record of five years without claims"),
        says=("There were no claims in five years.", "They had no claims in the last five years.", "Nothing was claimed in five years."),
        says_other=("Not one claim was made in five years.", "Five years have gone by without claims."),
        clauses=(
            "no claims in five years earn a discount of {claimfree}",
            "for five years without claims we take {claimfree} off the premium, because a careful past is a good sign",
            "because a careful past is a good sign, no claims in five years earn a discount of {claimfree}",
        ),
        brief=("minus {claimfree} for no claims", "no claims: minus {claimfree}"),
        handbook="No claims in five years earn a discount of {claimfree}. A careful past is a good sign.",
        facts=(Core("amount", "No claims in five years earn a discount of {claimfree}.", ("{claimfree}",), "percent"),),
    ),
    Rule(
        "one-claim", "claims", "claims", GOOD, "the single claim",
        np=("one claim in five years", "a single claim in five years", "one small claim in five years"),
        np_other=("just one claim in five years", "one claim during the last five years"),
        says=("There was one claim in five years.", "They had a single claim in five years.", "One claim was paid in five years."),
        says_other=("Only one claim turned up in five years.", "In five years just one claim came in."),
        clauses=("one claim in five years changes nothing", "a single claim needs nothing more", "nothing is asked for a single claim"),
        brief=("single claim fine", "nothing for the single claim"),
        handbook="One claim in five years changes nothing: there is neither a discount nor a condition.",
    ),
    Rule(
        "two-claims", "claims", "claims", CONDITIONS, "the two claims",
        np=("two claims in five years", "two paid claims in five years", "two claims in the last five years"),
        np_other=("a pair of claims, two in five years", "two claims during the last five years"),
        says=("There were two claims in five years.", "They had two claims in the last five years.", "Two claims were paid in five years."),
        says_other=("Two claims turned up in five years.", "In five years two claims came in."),
        clauses=(
            "two claims in five years raise the basic deductible to {two_claims}",
            "after two claims the basic deductible is {two_claims}, because a third often follows",
            "because a third often follows, two claims raise the basic deductible to {two_claims}",
        ),
        brief=("basic deductible {two_claims} after two claims", "two claims: basic deductible {two_claims}"),
        handbook="Two claims in five years raise the basic deductible to {two_claims}. A third often follows.",
        facts=(Core("amount", "The basic deductible rises to {two_claims}.", ("{two_claims}",), "dollars"),),
    ),
    Rule(
        "three-claims", "claims", "claims", REFER, "the three claims",
        np=("three claims in five years", "three paid claims in five years", "three claims in the last five years"),
        np_other=("as many as three claims in five years", "three claims during the last five years"),
        says=("There were three claims in five years.", "They had three claims in the last five years.", "Three claims were paid in five years."),
        says_other=("Three claims turned up in five years.", "In five years three claims came in."),
        clauses=(
            "three claims in five years go to the regional manager",
            "the regional manager decides after three claims, because somebody has to see what goes wrong there",
            "because somebody has to see what goes wrong there, three claims belong to the regional manager",
        ),
        brief=("regional manager for the three claims", "three claims: regional manager"),
        handbook="Three claims in five years are referred to the regional manager. Somebody has to see what goes wrong there.",
        facts=(Core("name", "The regional manager decides after three claims.", ("regional manager",), "desk"),),
    ),
    Rule(
        "four-claims", "claims", "claims", DECLINE, "the four claims",
        np=("four claims in five years", "four paid claims in five years", "four claims in the last five years"),
        np_other=("as many as four claims in five years", "four claims during the last five years"),
        says=("There were four claims in five years.", "They had four claims in the last five years.", "Four claims were paid in five years."),
        says_other=("Four claims turned up in five years.", "In five years four claims came in."),
        clauses=(
            "four claims in five years are more than we take, and we can look again after a year without a claim",
            "four claims are too many for us, because the losses outrun any premium; after a year without a claim we can look again",
            "because the losses outrun any premium, four claims are too many until there has been a year without a claim",
        ),
        brief=("four claims are too many, ask again after a year without a claim", "four claims: back after a year without a claim"),
        handbook="Four claims in five years are declined; we look again after a year without a claim. The losses outrun any premium.",
        facts=(
            Core("time", "We look again after a year without a claim.", ("year without a claim", "year without claims", "claim-free year", "year free of claims")),
        ),
    ),
)  # fmt: skip

SUMS = (
    Rule(
        "million", "authority", "sum", REFER, "the sum over a million",
        np=("a sum insured of over a million", "more than a million dollars to insure", "a value of over a million dollars"),
        np_other=("a sum insured well over a million", "well over a million dollars at stake"),
        says=("The sum insured is over a million.", "It is worth over a million dollars.", "They want to insure it for more than a million."),
        says_other=("The sum they name is well over a million.", "We are talking of more than a million dollars."),
        clauses=(
            "a sum of over a million goes to head office, with a valuation report",
            "head office signs for more than a million and wants a valuation report, because our own limit ends there",
            "because our own limit ends there, more than a million belongs to head office, with a valuation report",
        ),
        brief=("head office for the sum over a million, with a valuation report", "over a million: head office, valuation report"),
        handbook="A sum insured of over a million dollars is referred to head office, with a valuation report. The "
        "branch's own limit ends there.",
        facts=(
            Core("name", "Head office decides on more than a million.", ("head office", "headquarters"), "desk"),
            Core("paper", "A valuation report is needed.", ("valuation report", "report of the value", "report on the value")),
        ),
    ),
)  # fmt: skip

PROCEDURES = (
    Procedure(
        "quote", "authority",
        asks=("How long is a quote good for?", "For how long does our quote stand?"),
        asks_other=("When does a quote run out?", "How many days may the client think about a quote?"),
        clauses=("a quote stands for 45 days", "our quotes are good for 45 days"),
        handbook="A quote stands for 45 days. After that it has to be worked out anew.",
        facts=(Core("time", "A quote stands for 45 days.", ("45 days", "forty-five days"), wrong=("30 days", "90 days", "60 days")),),
    ),
    Procedure(
        "form", "authority",
        asks=("What do we need in hand before cover can start?", "Which paper must be there before cover starts?"),
        asks_other=("What has to be signed before the policy begins?", "Without which paper may no cover begin?"),
        clauses=("before cover starts we need the signed proposal form", "cover starts only when the signed proposal form is here"),
        handbook="Cover starts only when the signed proposal form is here. A telephone call is not enough.",
        facts=(Core("paper", "The signed proposal form is needed.", ("proposal form",)),),
    ),
    Procedure(
        "installments", "authority",
        asks=("Can the premium be paid in installments?", "Into how many installments can the premium be split?"),
        asks_other=("May the premium be paid bit by bit?", "How many installments do we allow for a premium?"),
        clauses=("the premium can be paid in ten installments at no charge", "we allow ten installments, free of charge"),
        handbook="The premium can be paid in ten installments, free of charge. The first is due on the first day of cover.",
        facts=(Core("amount", "The premium can be paid in ten installments.", ("ten installments", "10 installments", "ten instalments"), wrong=("twelve installments", "four installments")),),
    ),
    Procedure(
        "report", "claims",
        asks=("How soon must a loss be reported?", "How many days are there to report a loss?"),
        asks_other=("By when do we have to hear of a loss?", "What is the time limit for telling us about damage?"),
        clauses=("a loss has to be reported within 14 days", "there are 14 days to report a loss"),
        handbook="A loss has to be reported within 14 days. Photographs help us to settle it sooner.",
        facts=(Core("time", "A loss is reported within 14 days.", ("14 days", "fourteen days"), wrong=("7 days", "30 days", "seven days")),),
    ),
    Procedure(
        "cancel", "authority",
        asks=("How can a policy be cancelled?", "What notice does it take to cancel a policy?"),
        asks_other=("How does someone get out of a policy?", "How far ahead must a cancellation reach us?"),
        clauses=("a policy is cancelled in writing with one month's notice", "cancelling takes one month's notice in writing"),
        handbook="A policy is cancelled in writing with one month's notice. What was paid beyond that is refunded.",
        facts=(Core("time", "Cancelling takes one month's notice.", ("one month's notice", "a month's notice", "one month notice", "notice of one month"), wrong=("two weeks' notice", "three months' notice", "one week's notice")),),
    ),
    Procedure(
        "photos", "authority",
        asks=("Which photographs do we want with a proposal?", "What pictures have to come with a proposal?"),
        asks_other=("What should be photographed for a proposal?", "Do we want photographs of the building, and which?"),
        clauses=("a proposal comes with photographs of all four sides", "we want photographs of all four sides of the building"),
        handbook="A proposal comes with photographs of all four sides of the building. They are kept with the file.",
        facts=(Core("paper", "Photographs of all four sides are needed.", ("all four sides", "four sides", "all 4 sides")),),
    ),
)  # fmt: skip
