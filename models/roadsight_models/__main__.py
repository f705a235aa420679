"""`python -m roadsight_models` is the command `roadsight`."""

from roadsight_models.cli import main

main()
