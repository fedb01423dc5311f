"""How far a load is, and how long what is left will take.

words.py        a status, a report or a plan as lines for people
live_bar.py     the same in a terminal
speed.py        bytes over the last seconds, and the status made of them
forecast.py     what the comparison will take, before it begins
table_clock.py  how long the tables of a step take, one beside the other
"""
