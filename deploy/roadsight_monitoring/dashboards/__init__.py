"""The dashboards: what clients get, what the machine does, what the models say."""

from roadsight_monitoring.dashboards.clients import CLIENTS
from roadsight_monitoring.dashboards.machine import MACHINE
from roadsight_monitoring.dashboards.perception import PERCEPTION

DASHBOARDS = (CLIENTS, MACHINE, PERCEPTION)
