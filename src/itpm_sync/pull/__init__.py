"""What each container says now: pulled page by page; what listings did not show is read directly. Decides nothing.

In: connectors, what the ledger knows of their records. Out: replicas with new readings and absences, how well each
container was listed.
"""

from itpm_sync.pull.absent import sweep
from itpm_sync.pull.container import pull_container, read_again
from itpm_sync.pull.known import Known, Listed, Memory
from itpm_sync.pull.pulled import Pulled

__all__ = ["Known", "Listed", "Memory", "Pulled", "pull_container", "read_again", "sweep"]
