"""What happened to people, by service: for training rows (7), practice questions (2) and hidden questions (5).

A sentence that begins with ! is told by somebody in trouble, to whom an answer is kind.
"""

from __future__ import annotations

SITUATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "fallen-tree": {
        "rows": ("!My neighbor's tree fell on my shed.", "!The storm threw an oak across our driveway.", "!A big branch came down on my car last night.", "!A pine tree is lying on our roof.", "!The wind pushed a tree over and it blocks my front door.", "!There is a fallen tree on my fence.", "!A tree crashed into the porch while we slept."),
        "practice": ("!An old elm tipped over and crushed the greenhouse.", "!A tree came down on the swing set."),
        "hidden": ("!I woke up and half a maple was in my living room window.", "!The gale snapped the birch next door and it landed on our garage.", "!A rotten tree toppled onto the chicken coop.", "!A huge trunk lies across the path to my house since the storm.", "!The walnut tree gave way and flattened my carport."),
    },
    "flooded-cellar": {
        "rows": ("!Our cellar is full of water after the rain.", "!The creek rose and my basement is flooded.", "!There is knee-high water in the cellar.", "!Water keeps coming up through the cellar floor.", "!The flood filled our basement overnight.", "!My washing machine stands in water down in the cellar.", "!A pipe burst and the whole basement is under water."),
        "practice": ("!The cellar stairs end in a brown lake.", "!Everything in our basement is floating."),
        "hidden": ("!The river came over the bank and now the cellar is a pool.", "!I opened the cellar door and saw water up to the third step.", "!The cloudburst has drowned our basement.", "!My storage room below ground is flooded up to the shelves.", "!Rain poured in all night and the freezer downstairs is under water."),
    },
    "license": {
        "rows": ("!I lost my wallet and my license was in it.", "!Somebody stole my purse with my driver license.", "!My driver license is gone.", "!I can't find my driver license anywhere.", "!My license went through the washing machine and broke.", "!I left my driver license on a bus and nobody has it.", "!A thief took my bag, and my license with it."),
        "practice": ("!My dog chewed up my driver license.", "!The license fell out of my pocket at the fair."),
        "hidden": ("!My wallet dropped into the lake, with my driving papers inside.", "!After the break-in my license to drive is missing.", "!I was pickpocketed at the market and can't prove that I may drive.", "!The card that lets me drive has vanished since my move.", "!I must have thrown out my driver license with the old mail."),
    },
    "birth-certificate": {
        "rows": ("I need a copy of my birth certificate.", "!My birth certificate burned in a fire.", "The school wants to see my son's birth certificate.", "I can't find my daughter's birth certificate.", "My new employer asks for my birth certificate.", "!We lost all our birth certificates in the move.", "I am getting married and need a birth certificate."),
        "practice": ("The pension office asks for proof of when I was born.", "!Mice ate my birth certificate."),
        "hidden": ("For a passport I have to show my birth record.", "The bank wants the paper that says when and where I was born.", "!Mom's box of family papers got soaked, with my birth certificate in it.", "My twins start soccer and the club asks for their birth papers.", "My ex-husband kept the baby's birth certificate."),
    },
    "no-heat": {
        "rows": ("!The landlord has not fixed our heating since Friday.", "!Our apartment has no heat and the landlord does nothing.", "!The radiators in my flat are cold and the owner won't answer.", "!The boiler in our building broke and nobody comes.", "!My landlord refuses to repair the heating.", "!We have been without heating for days in our rented house.", "!It is freezing in my apartment because the furnace is dead."),
        "practice": ("!I rent two rooms and can see my own breath in them.", "!The building manager says the heat stays off until spring."),
        "hidden": ("!My kids sleep in their coats because our landlord lets the boiler rot.", "!The owner of our building turned the radiators off and left town.", "!It is fifty degrees in the flat I rent, and I get only excuses.", "!Nobody repairs the furnace in our rental, though I ask every day.", "!The tenants on my floor have had no warm room all week."),
    },
    "deposit": {
        "rows": ("!My old landlord will not give back my deposit.", "!I moved out in June and still wait for the deposit.", "!The landlord keeps my deposit for scratches that were there before.", "!We left the apartment clean, but the deposit never came.", "!My landlord says the deposit is gone.", "!I want my security deposit back and get no reply.", "!Half of our deposit was kept without any reason."),
        "practice": ("!The owner took new carpets out of my deposit.", "!Months after moving, the security money has not arrived."),
        "hidden": ("!I handed in the keys long ago and the money I put down is still with the owner.", "!My former landlady calls old stains my fault and holds on to the security money.", "!We never saw a cent of what we paid up front when we rented.", "!The house was sold after I moved, and no one wants to return what I left as security.", "!They are charging my deposit for a paint job I didn't cause."),
    },
    "eviction": {
        "rows": ("!I got an eviction letter today.", "!My landlord wants to evict us.", "!We are being evicted and have two small children.", "!The landlord told me to be out by Sunday.", "!There is an eviction notice on our door.", "!I am behind with the rent and face eviction.", "!The owner says we must leave the apartment at once."),
        "practice": ("!My landlord threatens to change the locks on us.", "!A paper on the door says that our rental ends."),
        "hidden": ("!I came home to a note that orders us out of our apartment.", "!The owner is throwing me out because I paid the rent late.", "!A man came by and said we will be put on the street.", "!The judge sent me something about losing my home.", "!My landlady wants the flat for her nephew and tells me to pack."),
    },
    "noise": {
        "rows": ("!My neighbors play loud music every night.", "!The bar next door keeps us awake.", "!Somebody above me drills at midnight.", "!There are noisy parties in our street all the time.", "!My neighbor's band rehearses until two in the morning.", "!The people next door shout all night.", "!A barking dog next door robs us of sleep."),
        "practice": ("!The flat below runs a karaoke evening every day.", "!My neighbor tests his motorbikes after dark."),
        "hidden": ("!The drummer upstairs never stops before dawn.", "!I have not slept well since the new people moved in with their giant speakers.", "!Every night the workshop behind our yard hammers and saws.", "!The students across the hall celebrate until sunrise.", "!The booming bass from next door makes my baby cry at night."),
    },
    "fence": {
        "rows": ("!My neighbor built a fence on my land.", "We do not know where our property ends.", "!The neighbor says that my hedge stands on his ground.", "I want to build a fence and need to know the boundary.", "!We quarrel with the neighbors about the property line.", "The boundary stones of our yard are gone.", "!The man next door moved the fence in my direction."),
        "practice": ("!Their new wall takes a strip of my garden.", "I would like to know if the apple tree is still on my lot."),
        "hidden": ("!The neighbors claim a yard's width of our lawn.", "Before I plant a hedge I need to be sure where my lot stops.", "!Somebody set posts where I believe my garden is.", "Nobody can tell us where the edge of the farm runs.", "!She says my driveway crosses onto her property."),
    },
    "lost-pet": {
        "rows": ("!My dog ran away yesterday.", "!Our cat has not come home.", "!My dog is lost.", "!The children left the gate open and our dog is gone.", "!My cat jumped out of the car and disappeared.", "!I can't find my rabbit.", "!Our puppy slipped off the leash and ran off."),
        "practice": ("!My parrot flew out of the window.", "!Our beagle chased a deer and never came back."),
        "hidden": ("!Fireworks scared our terrier and we have not seen him again.", "!My kitten is missing and the kids are in tears.", "!The old tomcat went out on Monday and stays away.", "!Somebody let my spaniel out and now I search every street.", "!My ferret escaped from its cage and the house is quiet."),
    },
    "towed-car": {
        "rows": ("!My car was towed this morning.", "!I parked by a hydrant and my car was towed.", "!My car is gone and the sign says tow zone.", "!They towed my van from the parking lot.", "!The city towed my car during street cleaning.", "!My car was taken away by a tow truck.", "!I came back and my car had been towed."),
        "practice": ("!A truck hauled off my pickup while I was at the dentist.", "!My spot by the park is empty and a tow sign hangs there."),
        "hidden": ("!I stopped for five minutes in a loading bay and now my car has been hauled away.", "!The police had my station wagon removed after the parade.", "!My motorbike was lifted onto a truck right in front of me.", "!I was in the hospital, and meanwhile they cleared my car off the street.", "!Where I left my car there is only a puddle, and a man saw the tow truck."),
    },
    "parking-permit": {
        "rows": ("I want to park on my own street.", "We moved and need a resident parking permit.", "!I get a ticket every day because I have no parking permit.", "How do people here get a parking sticker?", "My street has become permit parking.", "I bought a car and need a parking permit.", "My parking permit runs out this month."),
        "practice": ("Only cars with a sticker may stand on our block now.", "My new windshield has no permit on it any more."),
        "hidden": ("They put up signs that only residents may leave a car in our road.", "!I live here and still find fines on my windshield.", "We share a second car now and it needs a place by the curb.", "I will be keeping my van outside my apartment.", "The sticker for our street expired while I was abroad."),
    },
    "pothole": {
        "rows": ("!I hit a pothole and my tire burst.", "!A pothole on Main Street broke my wheel.", "!My axle broke in a deep pothole.", "!The road is full of holes and my car is damaged.", "!I drove into a pothole in the dark and ruined a rim.", "!A hole in the street wrecked my tire.", "!My bike fell apart in a pothole."),
        "practice": ("!The crater by the bridge cost me a shock absorber.", "!I bent my fork in a hole on the bicycle lane."),
        "hidden": ("!Something in my suspension snapped when I rolled through a hole in the asphalt.", "!The broken road by the school slashed two of my tires.", "!I did not see the hole under the rain water and now the wheel is bent.", "!My mechanic says the bad road surface killed my front axle.", "!Our minivan dropped into a sinkhole in the lane and lost its bumper."),
    },
    "power-bill": {
        "rows": ("!I can't pay my power bill.", "!The electric company wants to cut us off.", "!Our power bill doubled and we do not have the money.", "!I am behind on the electricity bill.", "!They will turn off our lights.", "!I got a shutoff warning for the electricity.", "!The winter power bill is more than I earn."),
        "practice": ("!The electric bill came and my account is empty.", "!We sit by candles because we owe the power company."),
        "hidden": ("!I have to choose between groceries and the electricity.", "!The utility says that our current will be stopped.", "!My electric debts have piled up since I fell ill.", "!The bill for the lights is a month's wages.", "!We are three payments late with the electric company."),
    },
    "job-loss": {
        "rows": ("!I lost my job last week.", "!My company closed and I am unemployed.", "!I was fired on Monday.", "!They laid me off and I have rent to pay.", "!The factory let us all go.", "!My boss told me not to come back.", "!I am out of work and have no income."),
        "practice": ("!The restaurant where I cooked shut for good.", "!My position was cut and Friday was my last day."),
        "hidden": ("!After eleven years the mill sent me home for ever.", "!My contract was ended and there is no paycheck coming.", "!The shop I worked in went bankrupt.", "!I have been made redundant and don't know how to feed the family.", "!Our whole team was dismissed by email."),
    },
    "child-care": {
        "rows": ("I need child care for my daughter.", "I go back to work and need a child care place.", "!I can't work because I have no child care.", "We are looking for day care for our son.", "How do I get a place in day care?", "My twins need a day care place.", "!Our day care closed and I have nobody for my son."),
        "practice": ("My mother can no longer look after the baby while I work.", "We want our two-year-old to spend the mornings with other kids."),
        "hidden": ("!I start a night class and have nobody to mind my toddler.", "Our nanny is leaving and the little one needs somewhere to go.", "I am a single dad with a job offer and a one-year-old.", "!Every nursery I called is full, and my leave is over.", "From spring on, both of us work and the baby needs looking after."),
    },
    "vendor": {
        "rows": ("I want to sell tacos from a cart.", "I would like to open a food stall.", "Can I sell lemonade and cakes on the street?", "I bought a hot dog cart.", "!The police sent my food stall away.", "My family wants to sell soup at the market.", "I plan to run an ice cream cart in the park."),
        "practice": ("I make dumplings and want to offer them downtown.", "My aunt dreams of a coffee cart by the station."),
        "hidden": ("I bake pretzels and hope to sell them on the square.", "We have a little wagon and want to serve waffles outside the stadium.", "!An officer told me to pack up my fruit stand.", "I would like to grill corn for people on the beach walk.", "My sons want to sell smoothies on the sidewalk this summer."),
    },
    "builder": {
        "rows": ("!The builder took my money and left.", "!My contractor did a terrible job on the kitchen.", "!The new roof leaks and the builder does not answer.", "!Our contractor stopped halfway.", "!The tiles the builder laid are all loose.", "!A builder ruined my bathroom.", "!The contractor wants more money for bad work."),
        "practice": ("!The deck that I paid for sags already.", "!Our mason vanished and the wall is half done."),
        "hidden": ("!I paid a firm for new windows and they let in the rain.", "!The men who did our extension walked off with the walls still open.", "!Cracks run through the patio a month after it was poured.", "!The plumber we hired for the remodel left us with no working shower.", "!The stairs that a carpenter put in are crooked, and he laughs at me."),
    },
    "tap-water": {
        "rows": ("!Our tap water is brown.", "!The water from the tap smells bad.", "!My tap water tastes of metal.", "!There is sand in our drinking water.", "!The water in the kitchen looks yellow.", "!I think that our tap water makes us sick.", "!White foam comes out of the tap."),
        "practice": ("!My tea looks rusty before the bag goes in.", "!The glass I filled in the kitchen was cloudy and gray."),
        "hidden": ("!What comes out of my faucet reeks of eggs.", "!Little black flakes swim in every glass I pour.", "!The bath fills up orange since last weekend.", "!My children get stomach aches and I suspect what we drink at home.", "!Since the roadwork the faucet gives a milky liquid."),
    },
    "rats": {
        "rows": ("!There are rats in my yard.", "!We have rats in the house.", "!I saw a rat in the kitchen.", "!Rats live behind our garage.", "!Rats run through our trash at night.", "!Something gnaws in the wall and I think it is rats.", "!Our garden is full of rats."),
        "practice": ("!I found a nest of rodents under the porch.", "!Fat gray tails dart behind our bins."),
        "hidden": ("!Rodents have moved in under our compost heap.", "!Each morning there are droppings on the counter and bags are chewed open.", "!My tenants hear scratching and have seen long tails in the attic.", "!A rat the size of a cat sat on the back step.", "!Vermin come out of the drain behind the house."),
    },
}  # fmt: skip
