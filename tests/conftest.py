"""What holds for every test process."""

import os

# Several test processes share the cores. Threads of OpenMP that spin while they wait would take
# them from the others; it reads this once, when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
