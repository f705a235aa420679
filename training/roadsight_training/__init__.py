"""From folders of pictures to a published bundle.

folder -> dataset -> transforms -> network -> fit -> evaluation -> calibration -> export -> bundle
"""
