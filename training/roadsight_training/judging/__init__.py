"""What a network is worth: figures, each with how sure it is, computed by scikit-learn, torchmetrics and scipy.

    logits, samples --> Answers --> per class, curves, calibration, groups, mistakes --> Report --> JSON, page, card
                        BadAnswers
    Validation --operating_threshold--> OperatingThreshold --on(Answers)--> Reached
    BadSplit

`evaluation` is the way in. Everything that is chosen (temperature, thresholds) is chosen on validation tracks;
`Validation` refuses samples of the held-out splits.
"""
