"""Whether the score of feature squeezing tells adversarial pictures from clean ones: what `roadsight suspicion` does.

Asked --draw--> Drawn --suspicion--> scores of clean pictures
                      --bend, suspicion--> Bent: which pictures each attack broke, and their scores
clean scores, Bent --figures, write_page--> suspicion.json, suspicion.html, roc.png

Told of the score are the attacks of the catalogue never, and `adaptive` always.
"""
