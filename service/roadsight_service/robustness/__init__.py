"""How easily an answer is bent, asked of the models that serve: beside live frames, and never in their way.

body, Question --Checks--> back room: its turn --Room.examine--> a process or thread of its own --> Finding
"""
