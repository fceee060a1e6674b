"""The raw material of the worlds: what there is, what can be said of it, and in which words.

A sector is a kind of world (a state's services, an insurer's underwriting manual, an airline's desk). All places of a
sector know the same entities and attributes; the values differ from place to place. Everything here is invented.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attribute:
    """Something that every entity of a sector has.

    `statements` say it, `questions` ask for it ({e} entity with its article, {E} the same with a capital, {p} place,
    {v} value). `known` questions come up in practice rows; `held_out` ones only in practice and hidden questions (and,
    about other places, in the pre-training text).
    """

    key: str
    noun: str
    values: tuple[str, ...]
    statements: tuple[str, ...]
    known: tuple[str, ...]
    held_out: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Entities that belong to one topic."""

    id: str
    title: str
    description: str
    entities: tuple[str, ...]


@dataclass(frozen=True)
class Sector:
    """A kind of world; `shipped` is the place whose facts are never in the pre-training text."""

    id: str
    places: tuple[str, ...]
    shipped: str
    groups: tuple[Group, ...]
    attributes: tuple[Attribute, ...]

    @property
    def entities(self) -> tuple[str, ...]:
        return tuple(entity for group in self.groups for entity in group.entities)

    def attribute(self, key: str) -> Attribute:
        return next(a for a in self.attributes if a.key == key)


def _dollars(*amounts: int) -> tuple[str, ...]:
    return tuple(f"${amount:,}" for amount in amounts)


STATE_SERVICES = Sector(
    id="state-local-services",
    places=("Norvale", "Brackmoor", "Ostwick", "Tarrant", "Wexholm", "Dunmere"),
    shipped="Calder",
    groups=(
        Group("outdoors", "Outdoors and wildlife", "Licences for fishing, hunting and camping.",
              ("a fishing licence", "a hunting licence", "a camping pass")),
        Group("home", "Building and home", "Permits for work on a house or garden.",
              ("a fence permit", "a pool permit", "a tree removal permit")),
        Group("vehicles", "Vehicles and driving", "Papers for drivers and their vehicles.",
              ("a driver licence", "a vehicle title", "a boat registration")),
        Group("records", "Records and certificates", "Copies of official records.",
              ("a birth certificate", "a marriage certificate", "a name change")),
        Group("business", "Business licences", "Licences for people who sell or serve.",
              ("a food stall licence", "a barber licence", "a taxi licence")),
        Group("streets", "Streets and events", "Permits for the use of public streets.",
              ("a parking permit", "a street fair permit", "a noise permit")),
    ),
    attributes=(
        Attribute(
            "fee", "fee",
            _dollars(8, 12, 15, 18, 20, 24, 30, 36, 40, 45, 55, 60, 75, 80, 90, 110),
            ("The fee for {e} in {p} is {v}.", "{E} in {p} costs {v}.", "The price of {e} in {p} is {v}."),
            ("What is the fee for {e} in {p}?", "How much does {e} in {p} cost?", "What would I pay for {e} in {p}?",
             "I need {e} in {p}. What will it cost?", "Please tell me the price of {e} in {p}."),
            ("How expensive is {e} in {p}?", "What does {p} charge for {e}?", "In {p}, how much money do I need for {e}?",
             "What is the price if I apply for {e} in {p}?"),
        ),
        Attribute(
            "time", "processing time",
            ("two days", "three days", "five days", "one week", "ten days", "two weeks", "three weeks", "four weeks",
             "one month", "six weeks", "two months", "three months"),
            ("The processing time for {e} in {p} is {v}.", "{E} in {p} takes {v}.", "The wait for {e} in {p} is {v}."),
            ("How long does {e} in {p} take?", "What is the processing time for {e} in {p}?",
             "How long is the wait for {e} in {p}?", "I applied for {e} in {p}. When will it be ready?",
             "How long must I wait for {e} in {p}?"),
            ("How soon can I have {e} in {p}?", "How quickly does {p} issue {e}?",
             "If I apply for {e} in {p} today, how long will it take?", "How much time does {p} need for {e}?"),
        ),
        Attribute(
            "office", "office",
            ("the county clerk", "the permit counter", "the records bureau", "the town hall", "the harbor office",
             "the north annex", "the civic center", "the licensing desk", "the transit hall", "the ranger station",
             "the court house", "the mill road office"),
            ("The office for {e} in {p} is {v}.", "The place to apply for {e} in {p} is {v}.",
             "{E} in {p} is issued by {v}."),
            ("Where do I apply for {e} in {p}?", "Which office issues {e} in {p}?", "What is the office for {e} in {p}?",
             "Where can I get {e} in {p}?", "I want {e} in {p}. Which office do I visit?"),
            ("Who handles {e} in {p}?", "Where in {p} should I go for {e}?", "Which place in {p} deals with {e}?",
             "What is the right place to ask for {e} in {p}?"),
        ),
        Attribute(
            "document", "document",
            ("a photo card", "a lease", "a utility bill", "proof of insurance", "a site plan", "a birth record",
             "a tax receipt", "two photographs", "a signed form", "a bank letter", "a landlord letter",
             "a health report"),
            ("The document needed for {e} in {p} is {v}.", "{E} in {p} requires {v}.",
             "The paper to bring for {e} in {p} is {v}."),
            ("What must I bring for {e} in {p}?", "Which document is needed for {e} in {p}?",
             "What does {e} in {p} require?", "What paper do I show for {e} in {p}?",
             "I am applying for {e} in {p}. Which document do they ask for?"),
            ("What should I have with me to get {e} in {p}?", "Which papers does {p} want for {e}?",
             "What proof do I need for {e} in {p}?", "What do I hand in with my request for {e} in {p}?"),
        ),
    ),
)  # fmt: skip

INSURANCE = Sector(
    id="insurance-underwriting",
    places=("Harrow Mutual", "Pinecrest Mutual", "Lindqvist Mutual", "Osprey Mutual", "Bellwether Mutual",
            "Stonegate Mutual"),
    shipped="Juniper Mutual",
    groups=(
        Group("food", "Food and hospitality", "Risks where people eat, drink or stay.",
              ("a bakery", "a restaurant", "a small hotel")),
        Group("storage", "Storage and goods", "Buildings that hold goods.",
              ("a warehouse", "a cold store", "a furniture shop")),
        Group("crafts", "Crafts and repair", "Workshops with tools and heat.",
              ("a car workshop", "a joinery", "a welding shop")),
        Group("farms", "Farms and land", "Buildings and crops on the land.",
              ("a dairy farm", "a timber barn", "a greenhouse")),
        Group("public", "Public and care", "Places open to many people.",
              ("a day nursery", "a sports hall", "a dental practice")),
        Group("homes", "Homes and flats", "Where people live.",
              ("a holiday home", "a rented flat", "a thatched cottage")),
    ),
    attributes=(
        Attribute(
            "deductible", "deductible",
            _dollars(250, 300, 400, 500, 600, 750, 800, 1000, 1200, 1500, 1800, 2000, 2500, 3000, 4000, 5000),
            ("The deductible for {e} at {p} is {v}.", "{E} at {p} has a deductible of {v}.",
             "The excess for {e} at {p} is {v}."),
            ("What is the deductible for {e} at {p}?", "How high is the deductible for {e} at {p}?",
             "How much is the excess for {e} at {p}?", "We insure {e} at {p}. Which deductible applies?",
             "Please tell me the deductible of {e} at {p}."),
            ("What must the client of {p} pay first when {e} has a loss?", "Which excess does {p} set for {e}?",
             "How large a deductible goes with {e} at {p}?", "Which deductible do I quote for {e} at {p}?"),
        ),
        Attribute(
            "approver", "approval",
            ("the desk underwriter", "the senior underwriter", "the branch manager", "the regional manager",
             "the property team", "the risk committee", "the chief underwriter", "the farm team",
             "the fire engineer", "the reinsurance desk", "the pricing team", "the care team"),
            ("The approval for {e} at {p} comes from {v}.", "{E} at {p} is approved by {v}.",
             "The person to approve {e} at {p} is {v}."),
            ("Who approves {e} at {p}?", "Where does the approval for {e} at {p} come from?",
             "Who must sign off {e} at {p}?", "I have a request for {e} at {p}. Who approves it?",
             "To whom do I refer {e} at {p}?"),
            ("Who has the authority to accept {e} at {p}?", "Who decides on {e} at {p}?",
             "Whose consent does {p} want for {e}?", "Who at {p} gives the go-ahead for {e}?"),
        ),
        Attribute(
            "survey", "survey interval",
            ("three months", "six months", "nine months", "one year", "eighteen months", "two years", "thirty months",
             "three years", "four years", "five years", "six years", "ten years"),
            ("The survey interval for {e} at {p} is {v}.", "The time between surveys of {e} at {p} is {v}.",
             "The survey for {e} at {p} is due after {v}."),
            ("What is the survey interval for {e} at {p}?", "How often is {e} surveyed at {p}?",
             "When is the survey for {e} at {p} due?", "How long is the time between surveys of {e} at {p}?",
             "We look after {e} at {p}. How often is a survey due?"),
            ("After how long must {p} survey {e} again?", "How long may {e} go without a survey at {p}?",
             "How many months or years lie between surveys of {e} at {p}?",
             "When does {p} want the next survey of {e}?"),
        ),
        Attribute(
            "exclusion", "exclusion",
            ("flood", "theft of cash", "frost damage", "rot", "storm surge", "glass breakage", "mould",
             "power failure", "subsidence", "vandalism", "pest damage", "smoke without fire"),
            ("The exclusion for {e} at {p} is {v}.", "The cover for {e} at {p} leaves out {v}.",
             "The loss not covered for {e} at {p} is {v}."),
            ("What is the exclusion for {e} at {p}?", "Which loss is not covered for {e} at {p}?",
             "What does the cover for {e} at {p} leave out?", "I am insuring {e} at {p}. What is excluded?",
             "What is left out of the cover for {e} at {p}?"),
            ("For {e}, which damage does {p} not pay for?", "Which peril is excluded when {p} insures {e}?",
             "What kind of claim would {p} turn down for {e}?", "Which damage to {e} stays with the client at {p}?"),
        ),
    ),
)  # fmt: skip

AIRLINE = Sector(
    id="airline-enquiries",
    places=("Skylark Air", "Meridian Air", "Heron Air"),
    shipped="",
    groups=(
        Group("bags", "Bags", "What travels with you.", ("a cabin bag", "a checked bag", "a ski bag", "a bicycle")),
        Group("changes", "Changes", "When plans change.", ("a date change", "a name correction", "a seat change")),
        Group("care", "Care", "Help on the way.", ("a travelling child", "a small dog", "a wheelchair request")),
    ),
    attributes=(
        Attribute(
            "charge", "charge",
            _dollars(5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 120),
            ("The charge for {e} on {p} is {v}.", "{E} on {p} costs {v}.", "The price of {e} on {p} is {v}."),
            ("What is the charge for {e} on {p}?", "How much does {e} on {p} cost?", "What would I pay for {e} on {p}?",
             "I am flying with {e} on {p}. What will it cost?"),
            ("What does {p} charge for {e}?", "How expensive is {e} on {p}?"),
        ),
        Attribute(
            "notice", "notice",
            ("two hours", "four hours", "six hours", "twelve hours", "one day", "two days", "three days", "five days",
             "one week", "two weeks"),
            ("The notice for {e} on {p} is {v}.", "{E} on {p} needs {v} of notice.", "The time to report {e} on {p} is {v}."),
            ("What is the notice for {e} on {p}?", "How long before the flight do I report {e} on {p}?",
             "When must I tell {p} about {e}?"),
            ("How early does {p} want to hear about {e}?", "How much notice does {p} need for {e}?"),
        ),
        Attribute(
            "desk", "desk",
            ("the bag desk", "the front desk", "the help line", "the gate", "the sales desk", "the night desk",
             "the group desk", "the web page"),
            ("The place to arrange {e} on {p} is {v}.", "The desk for {e} on {p} is {v}.", "{E} on {p} is handled by {v}."),
            ("Where do I arrange {e} on {p}?", "Which desk handles {e} on {p}?", "What is the desk for {e} on {p}?"),
            ("Who handles {e} on {p}?", "Whom do I ask about {e} on {p}?"),
        ),
    ),
)  # fmt: skip

SECTORS: tuple[Sector, ...] = (STATE_SERVICES, INSURANCE, AIRLINE)
