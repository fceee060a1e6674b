"""The manual's rules for what a building is used for, for claims, for large sums, and for the office itself."""

from __future__ import annotations

from workshop_kit.worlds.underwriting.rules import CONDITIONS, DECLINE, GOOD, REFER, Core, Procedure, Rule

OCCUPANCY = (
    Rule(
        "tenants", "occupancy", "use", CONDITIONS, "the tenants",
        np=("a {home} let to tenants", "a {home} rented to tenants", "a {home} with tenants"),
        np_other=("a {home} where tenants live", "a {home} rented out to tenants"),
        says=(), says_other=(),
        then="tenants call for a gas and wiring check every year, and theft by tenants is excluded",
        why="people and keys come and go",
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
        "guests", "occupancy", "use", CONDITIONS, "the holiday guests",
        np=("a {home} let to holiday guests", "a {home} for holiday guests", "a {home} rented to holiday guests"),
        np_other=("a {home} where holiday guests stay", "a {home} offered online to holiday guests"),
        says=(), says_other=(),
        then="holiday guests need a smoke alarm in every bedroom and add {guests} to the premium",
        why="strangers do not know the way out",
        facts=(
            Core("condition", "A smoke alarm is needed in every bedroom.", ("smoke alarm", "smoke alarms", "smoke detector", "smoke detectors")),
            Core("amount", "Holiday guests add {guests} to the premium.", ("{guests}",), "percent"),
        ),
    ),
    Rule(
        "empty", "occupancy", "use", CONDITIONS, "the empty home",
        np=("a {home} that stands empty", "an empty {home}", "a {home} that is empty"),
        np_other=("a {home} standing empty since spring", "a {home} that is empty for now"),
        says=(), says_other=(),
        then="an empty home must have its water turned off, and vandalism is excluded",
        why="nobody is there to notice a leak",
        facts=(
            Core("condition", "The water has to be turned off.", ("water turned off", "water off", "turn off the water", "water must be turned off", "water shut off", "water is turned off")),
            Core("condition", "Vandalism is excluded.", ("vandalism is excluded", "exclude vandalism", "vandalism excluded", "no cover for vandalism", "excludes vandalism", "vandalism is not covered"), wrong=("vandalism is covered",)),
        ),
    ),
)  # fmt: skip

TRADES = (
    Rule(
        "office", "trades", "trade", GOOD, "the office",
        np=("an office", "a small office", "an architect's office"),
        np_other=("a quiet office", "a lawyer's office"),
        says=(), says_other=(),
        then="an office needs nothing more",
    ),
    Rule(
        "bakery", "trades", "trade", CONDITIONS, "the bakery",
        np=("a bakery", "a small bakery", "a village bakery"),
        np_other=("a family bakery", "a busy bakery"),
        says=(), says_other=(),
        then="a bakery must have its flues cleaned every six months",
        why="flour dust can explode",
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
        then="deep fryers need an extinguishing system and add {fryers} to the premium",
        why="hot oil can flare up",
        facts=(
            Core("condition", "An extinguishing system is needed over the fryers.", ("extinguishing system", "extinguisher system", "extinguishing systems")),
            Core("amount", "Deep fryers add {fryers} to the premium.", ("{fryers}",), "percent"),
        ),
    ),
    Rule(
        "dry-cleaner", "trades", "trade", REFER, "the dry cleaner",
        np=("a dry cleaner", "a dry cleaner's shop", "a small dry cleaner"),
        np_other=("a dry cleaner in a mall", "a family-run dry cleaner"),
        says=(), says_other=(),
        then="a dry cleaner must be referred to the environment desk, and pollution is excluded",
        why="solvents can seep into the ground",
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
        then="fireworks must be declined, and the specialist market is the place to ask",
        why="a whole stock can blow up",
        facts=(Core("name", "The specialist market takes fireworks.", ("specialist market", "specialist insurer", "specialist insurers")),),
    ),
)  # fmt: skip

CLAIMS = (
    Rule(
        "no-claims", "claims", "claims", GOOD, "the claim-free record",
        np=("no claims in five years", "no claims", "no claims in the last five years"),
        np_other=("no claims at all in five years", "no claims to its name in five years"),
        says=("There were no claims in five years.", "They had no claims in the last five years.", "No claims were made in five years."),
        says_other=("In five years there were no claims whatsoever.", "Five years have gone by with no claims."),
        then="no claims in five years earn a discount of {claimfree}",
        why="a clean record is a good sign",
        facts=(Core("amount", "No claims in five years earn a discount of {claimfree}.", ("{claimfree}",), "percent"),),
    ),
    Rule(
        "two-claims", "claims", "claims", CONDITIONS, "the two claims",
        np=("two claims in five years", "two claims", "two claims in the last five years"),
        np_other=("two paid claims in five years", "two claims during the last five years"),
        says=("There were two claims in five years.", "They had two claims in the last five years.", "Two claims were paid in five years."),
        says_other=("Two claims turned up in five years.", "In five years two claims came in."),
        then="two claims in five years raise the basic deductible to {two_claims}",
        why="a third often follows",
        facts=(Core("amount", "The basic deductible rises to {two_claims}.", ("{two_claims}",), "dollars"),),
    ),
)  # fmt: skip

SUMS = (
    Rule(
        "million", "authority", "sum", REFER, "the sum over a million",
        np=("a sum insured of over a million", "a value over a million dollars", "over a million dollars to insure"),
        np_other=("a sum insured well over a million", "a value well over a million"),
        says=("The sum insured is over a million.", "It is worth over a million dollars.", "They want to insure it for over a million."),
        says_other=("The sum they name is well over a million.", "We are talking of over a million dollars."),
        then="a sum over a million must be referred to head office with a valuation report",
        why="our own limit ends there",
        facts=(
            Core("name", "Head office decides on more than a million.", ("head office", "headquarters"), "desk"),
            Core("paper", "A valuation report is needed.", ("valuation report", "report of the value", "report on the value")),
        ),
    ),
)  # fmt: skip

PROCEDURES = (
    Procedure(
        "quote", "authority",
        asks=("How long is a quote good for?", "For how long does our quote stand?", "How many days is a quote good for?"),
        asks_other=("When does a quote run out?", "How many days may the client think about a quote?"),
        then="a quote is good for 45 days",
        more="After that it has to be worked out anew.",
        facts=(Core("time", "A quote is good for 45 days.", ("45 days", "forty-five days"), wrong=("30 days", "90 days", "60 days")),),
    ),
    Procedure(
        "installments", "authority",
        asks=("Can the premium be paid in installments?", "Into how many installments can the premium be split?", "What about paying in installments?"),
        asks_other=("May the premium be paid bit by bit, in installments?", "How many installments do we allow?"),
        then="the premium can be paid in ten installments",
        more="There is no charge for that.",
        facts=(Core("amount", "The premium can be paid in ten installments.", ("ten installments", "10 installments", "ten instalments"), wrong=("twelve installments", "four installments")),),
    ),
    Procedure(
        "report", "claims",
        asks=("How soon must a loss be reported?", "How many days are there to report a loss?", "What is the time limit to report a loss?"),
        asks_other=("By when do we have to hear of a loss?", "How quickly does a loss have to be reported?"),
        then="a loss must be reported within 14 days",
        more="Photographs help us to settle it sooner.",
        facts=(Core("time", "A loss is reported within 14 days.", ("14 days", "fourteen days"), wrong=("7 days", "30 days", "seven days")),),
    ),
)  # fmt: skip
