"""What happened to people, by service: for training rows (9), practice questions (2) and hidden questions (5).

A sentence that begins with ! is told by somebody in trouble, to whom an answer is kind.
"""

from __future__ import annotations

SITUATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "fallen-tree": {
        "rows": ("!My neighbor's tree fell on my shed.", "!The storm threw an oak across our driveway.", "!A big branch came down on my car last night.", "!A pine tree is lying on our roof.", "!The wind pushed a tree over and it blocks my front door.", "!There is a fallen tree on my fence.", "!A tree crashed into the porch while we slept.", "!Half a tree hangs over my garage since the storm.", "!A dead tree fell across the yard."),
        "practice": ("!An old tree tipped over and crushed our greenhouse.", "!A tree came down on the children's swing."),
        "hidden": ("!I woke up and half a tree was in my bedroom window.", "!The gale snapped a tree next door and it landed on our garage.", "!A rotten tree toppled onto the chicken coop.", "!A huge tree lies across the path since the storm.", "!A walnut tree gave way and flattened my carport."),
    },
    "flooded-cellar": {
        "rows": ("!Our cellar is full of water after the rain.", "!The creek rose and my basement is flooded.", "!There is knee-high water in the cellar.", "!Water keeps coming up through the cellar floor.", "!The flood filled our basement overnight.", "!My washing machine stands in water down in the cellar.", "!A pipe burst and the whole basement is under water.", "!After the thunderstorm our cellar is under water.", "!The river floods my cellar."),
        "practice": ("!The cellar stairs end in brown water.", "!Everything in our basement floats in water."),
        "hidden": ("!The river came over the bank and now the cellar is a pool.", "!I opened the cellar door and saw water up to the third step.", "!The cloudburst has drowned our basement.", "!The water in my basement is up to the shelves.", "!Rain poured in all night and the cellar is flooded."),
    },
    "license": {
        "rows": ("!I lost my wallet and my license was in it.", "!Somebody stole my purse with my driver license.", "!My driver license is gone.", "!I can't find my driver license anywhere.", "!My license went through the washing machine and broke.", "!I left my driver license on a bus and nobody has it.", "!A thief took my bag, and my license with it.", "!I was robbed and my driver license was taken.", "!My license is lost since the holiday."),
        "practice": ("!My dog chewed up my driver license.", "!The license fell out of my pocket at the fair."),
        "hidden": ("!My wallet dropped into the lake, and with it my driver license.", "!After the break-in my license is missing.", "!I was robbed at the market and my driver license is gone.", "!My license has vanished since the move.", "!I must have thrown out my driver license with the old mail."),
    },
    "birth-certificate": {
        "rows": ("I need a copy of my birth certificate.", "!My birth certificate burned in a fire.", "The school wants to see my son's birth certificate.", "I can't find my daughter's birth certificate.", "My new employer asks for my birth certificate.", "!We lost all our birth certificates in the move.", "I am getting married and need a birth certificate.", "The bank asks for a birth certificate.", "!My birth certificate got wet and can't be read."),
        "practice": ("The pension office asks for my birth certificate.", "!Mice ate my birth certificate."),
        "hidden": ("For a trip abroad I have to show my birth certificate.", "The bank wants to see my birth certificate.", "!A box of papers got soaked, and my birth certificate is ruined.", "My twins start soccer and the club asks for a birth certificate for each.", "My ex-husband kept our baby's birth certificate."),
    },
    "no-heat": {
        "rows": ("!The landlord has not fixed our heating since Friday.", "!Our apartment has no heat and the landlord does nothing.", "!The radiators in my flat are cold and the owner won't answer.", "!The boiler in our building broke and nobody comes.", "!My landlord refuses to repair the heating.", "!We have been without heating for days in our rented house.", "!It is freezing in my apartment because the furnace is dead.", "!My kids are cold because the landlord does not repair the heating.", "!We rent a house and the heat went off."),
        "practice": ("!I rent two rooms and there is no heat in them.", "!The landlord says that the heating stays off until spring."),
        "hidden": ("!My kids sleep in their coats because our landlord lets the boiler rot.", "!The owner turned the heating off and left town.", "!My apartment is as cold as a fridge, and from the landlord I hear only excuses.", "!Nobody repairs the furnace in our rented home.", "!We tenants have had no heating all week."),
    },
    "eviction": {
        "rows": ("!I got an eviction letter today.", "!My landlord wants to evict us.", "!We are being evicted and have two small children.", "!The landlord told me to be out by Sunday.", "!There is an eviction notice on our door.", "!I am behind with the rent and face eviction.", "!The owner says we must leave the apartment at once.", "!The court wants us out of the apartment.", "!My landlady throws me out because the rent was late."),
        "practice": ("!My landlord threatens to throw us out.", "!A paper on the door speaks of eviction."),
        "hidden": ("!I came home to a note about eviction.", "!The owner wants to evict me because I paid the rent late.", "!My landlord says that we must be out of the apartment.", "!The court wrote that I am to be evicted.", "!My landlady wants me out of the apartment for her nephew."),
    },
    "noise": {
        "rows": ("!My neighbors play loud music every night.", "!The bar next door keeps us awake.", "!Somebody above me drills at midnight.", "!There are noisy parties in our street all the time.", "!My neighbor's band rehearses until two in the morning.", "!The people next door shout all night.", "!A barking dog next door robs us of sleep.", "!Loud speakers next door keep the baby awake at night.", "!The neighbors celebrate every night and are very loud."),
        "practice": ("!The flat below plays music at night.", "!My neighbor tests his loud motorbike after dark."),
        "hidden": ("!The drummer upstairs is loud every night.", "!I have not slept well since the new neighbors moved in with their loud speakers.", "!Every night the shop next door hammers and saws.", "!The neighbors across the hall hold a party until sunrise.", "!The loud music from next door makes my baby cry."),
    },
    "fence": {
        "rows": ("!My neighbor built a fence on my land.", "We do not know where our property ends.", "!The neighbor says that my hedge stands on his ground.", "I want to build a fence and need to know the boundary.", "!We quarrel with the neighbors about the property line.", "The boundary stones of our yard are gone.", "!The man next door moved the fence in my direction.", "Where does my land end and the farm next door begin?", "!The neighbors put their fence on our side of the line."),
        "practice": ("!Their new fence takes a strip of my garden.", "I would like to know if the apple tree stands on my side of the property line."),
        "hidden": ("!The neighbors say that their land reaches into our lawn.", "Before I put up a fence I have to know where the property line is.", "!Somebody built a fence where I believe my land is.", "Nobody can tell us where the boundary of the farm runs.", "!She says that my hedge stands on her property."),
    },
    "lost-pet": {
        "rows": ("!My dog ran away yesterday.", "!Our cat has not come home.", "!My dog is lost.", "!The children left the gate open and our dog is gone.", "!My cat jumped out of the car and disappeared.", "!I can't find my rabbit.", "!Our puppy slipped off the leash and ran off.", "!A loud noise scared my dog and he ran off.", "!My pet is missing since Monday."),
        "practice": ("!My parrot flew off and is lost.", "!Our dog chased a deer and never came back."),
        "hidden": ("!Fireworks scared our dog and he ran off.", "!My cat is missing and the kids are in tears.", "!The old cat went out on Monday and has not come home.", "!Somebody let my dog out and I can't find him.", "!My guinea pig ran away."),
    },
    "towed-car": {
        "rows": ("!My car was towed this morning.", "!I parked by a hydrant and my car was towed.", "!My car is gone and the sign says tow zone.", "!They towed my van from the parking lot.", "!The city towed my car during street cleaning.", "!My car was taken away by a tow truck.", "!I came back and my car had been towed.", "!A truck towed my car while I was shopping.", "!The police towed my car."),
        "practice": ("!A truck towed my pickup while I was at the dentist.", "!My car is gone and a tow sign hangs there."),
        "hidden": ("!I stopped for five minutes in a loading bay and they towed my car.", "!The police had my car towed after the parade.", "!My van was towed right in front of me.", "!I was in the hospital, and meanwhile my car was towed.", "!A man saw the tow truck that took my car away."),
    },
    "parking-permit": {
        "rows": ("I want to park on my own street.", "We moved and need a resident parking permit.", "!I get a ticket every day because I have no parking permit.", "How do people here get a parking sticker?", "My street has become permit parking.", "I bought a car and need a parking permit.", "My parking permit runs out this month.", "Signs say that I need a permit to park here.", "We want to park a second car on the street."),
        "practice": ("Only cars with a parking permit may stand on our block now.", "The windshield is new and my parking sticker is gone."),
        "hidden": ("They put up signs that one needs a permit to park in our street.", "!I live here and still get a ticket for parking.", "We share a second car now and want to park it on the street.", "I will park my van outside my apartment every day.", "My parking sticker expired while I was abroad."),
    },
    "power-bill": {
        "rows": ("!I can't pay my power bill.", "!The electric company wants to cut us off.", "!Our power bill doubled and we do not have the money.", "!I am behind on the electricity bill.", "!They will turn off our lights.", "!I got a shutoff warning for the electricity.", "!The winter power bill is more than I earn.", "!The electric company says that we owe it a lot of money.", "!I must choose between food and the power bill."),
        "practice": ("!The power bill came and my account is empty.", "!We sit by candles because we can't pay the electric company."),
        "hidden": ("!I have to choose between groceries and the power bill.", "!The electric company says that it will cut off our power.", "!My electricity bills have piled up since I fell ill.", "!The power bill is a whole month's wages.", "!We are three months behind with the electric company."),
    },
    "job-loss": {
        "rows": ("!I lost my job last week.", "!My company closed and I am unemployed.", "!I was fired on Monday.", "!They laid me off and I have rent to pay.", "!The factory let us all go.", "!My boss told me not to come back.", "!I am out of work and have no income.", "!I was laid off and have a family to feed.", "!My company went bankrupt and my job is gone."),
        "practice": ("!The restaurant where I had a job shut for good.", "!They cut my job and Friday was my last day."),
        "hidden": ("!After eleven years I lost my job at the mill.", "!My boss fired me and there is no income now.", "!The company I worked for went bankrupt.", "!I am out of a job and have a family to feed.", "!Our whole team was laid off by email."),
    },
    "child-care": {
        "rows": ("I need child care for my daughter.", "I go back to work and need a child care place.", "!I can't work because I have no child care.", "We are looking for day care for our son.", "How do I get a place in day care?", "My twins need a day care place.", "!Our day care closed and I have nobody for my son.", "My wife and I both work and our baby needs day care.", "!I have a job offer but no child care."),
        "practice": ("My mother can no longer give child care while I work.", "We are looking for day care for a two-year-old."),
        "hidden": ("!I start a night class and have no child care.", "Our nanny is leaving and the little one needs day care.", "I have a job offer and a baby who needs a day care place.", "!My leave is over and I have found no child care.", "From spring on, both of us work and our daughter needs day care."),
    },
    "vendor": {
        "rows": ("I want to sell tacos from a cart.", "I would like to open a food stall.", "Can I sell lemonade and cakes on the street?", "I bought a hot dog cart.", "!The police sent my food stall away.", "My family wants to sell soup at the market.", "I plan to run an ice cream cart in the park.", "I bake bread and hope to sell it from a stall.", "We want to sell drinks on the square."),
        "practice": ("I make dumplings and want to sell them from a stall.", "My aunt dreams of a coffee cart by the station."),
        "hidden": ("I bake pretzels and hope to sell them on the street.", "We have a little cart and want to sell waffles.", "!An officer sent my food stall away from the square.", "I would like to sell hot corn in the park.", "My sons want to sell cold drinks from a stall this summer."),
    },
    "builder": {
        "rows": ("!The builder took my money and left.", "!My contractor did a terrible job on the kitchen.", "!The new roof leaks and the builder does not answer.", "!Our contractor stopped halfway.", "!The tiles the builder laid are all loose.", "!A builder ruined my bathroom.", "!The contractor wants more money for bad work.", "!Our builder put in a door that does not close.", "!The contractor made a wall full of cracks."),
        "practice": ("!The deck that our builder made sags already.", "!Our contractor vanished and the wall is half done."),
        "hidden": ("!I paid a builder for new windows and they let in the rain.", "!The contractor who did our porch left it open and took the money.", "!The builder poured a patio and it is full of cracks.", "!Our contractor left us with a shower that does not work.", "!The stairs that my builder put in are crooked."),
    },
    "tap-water": {
        "rows": ("!Our tap water is brown.", "!The water from the tap smells bad.", "!My tap water tastes of metal.", "!There is sand in our drinking water.", "!The water in the kitchen looks yellow.", "!I think that our tap water makes us sick.", "!White foam comes out of the tap.", "!Our drinking water makes the children sick.", "!Black bits come out of the tap with the water."),
        "practice": ("!My tea looks rusty because of our tap water.", "!The water in my glass is cloudy and smells."),
        "hidden": ("!The water from our tap reeks of eggs.", "!Little black flakes swim in our tap water.", "!The bath water looks orange since last weekend.", "!My children get sick and I suspect our drinking water.", "!Since the roadwork the tap gives white water."),
    },
    "rats": {
        "rows": ("!There are rats in my yard.", "!We have rats in the house.", "!I saw a rat in the kitchen.", "!Rats live behind our garage.", "!Rats run through our trash at night.", "!Something gnaws in the wall and I think it is rats.", "!Our garden is full of rats.", "!I hear rats in the attic.", "!A rat sat under our porch."),
        "practice": ("!I found rats under the porch.", "!Fat rats run behind our bins."),
        "hidden": ("!Rats have moved in under our compost heap.", "!Each morning I see that rats were in the kitchen.", "!My tenants hear rats in the attic.", "!A rat the size of a cat sat in the yard.", "!A rat came out of the drain behind the house."),
    },
}  # fmt: skip
