"""The command `roadsight` on a machine whose GPU is its CPU; it loads nothing more than that does."""

from roadsight_models.cli import main
from roadsight_service.processes import birth

if __name__ == "__main__":
    birth.MODULE = "service.processes.standing_in"
    main()
