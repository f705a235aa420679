"""From folders of pictures to a published bundle.

folder -> dataset -> parts -> transforms -> network -> fit -> run -> calibration -> export -> bundle
                                                          run -> report; several recipes -> comparison
"""
