"""`python -m continuum_act` is `continuum-act`."""

import sys

from continuum_act.command_line.main import main

sys.exit(main())
