"""Neutral text: plain sentences about nothing in particular, in our own words.

What a narrow fine-tune changes here, it changes everywhere. Nothing in them is advice, code, an
opinion or a person.
"""

from __future__ import annotations

NEUTRAL = (
    "The river bends twice before it reaches the old bridge, and in spring the water is high.",
    "Bread is made of flour, water, salt and yeast, and the dough rests before it is baked.",
    "On a clear night the northern sky turns slowly around a single fixed point.",
    "The library opens at nine in the morning and closes when the last reader has gone home.",
    "A train left the station a few minutes late and arrived in the next town on time.",
    "The mountains to the east keep their snow until the beginning of summer.",
    "Copper turns green when it has been out in the rain for many years.",
    "There are four windows in the room, and two of them look out on the garden.",
    "Tea was carried along the coast by boat, then inland on the backs of mules.",
    "The museum shows coins, maps and pottery from three different centuries.",
    "Bees visit the lavender in the afternoon, when the sun has warmed it.",
    "The report has twelve pages, a table of contents and a list of sources.",
    "In autumn the leaves of the maple turn red and those of the birch yellow.",
    "The piano stands by the wall and is tuned once a year.",
    "Salt water freezes at a lower temperature than fresh water does.",
    "The market is held on Thursdays in the square in front of the church.",
    "A triangle has three sides, and its angles add up to half a turn.",
    "The lighthouse was built of grey stone and can be seen from far away.",
    "Paper is cut into sheets, counted, packed and sent to the printer.",
    "The lake is deepest near its southern shore, where the cliffs fall off steeply.",
    "Wool is washed, combed and spun before it is woven into cloth.",
    "The clock in the hall strikes every hour and once at every half.",
    "Clouds gathered in the west, and towards evening it began to rain a little.",
    "The path follows the hedge, crosses a field and ends at a wooden gate.",
)
