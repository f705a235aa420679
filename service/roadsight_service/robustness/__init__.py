"""How easily an answer is bent, asked of the models that serve: beside live frames, and never in their way.

body, Question --Checks--> back room (one thread of low priority) --> Finding
"""
