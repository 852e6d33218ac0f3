"""`python -m continuum_act` is `continuum-act`."""

import sys

from continuum_act.cli import main

sys.exit(main())
