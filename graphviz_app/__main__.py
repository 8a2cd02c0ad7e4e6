"""``python -m graphviz_app`` is the command ``graphviz-app``."""

import sys

from graphviz_app.cli import main

sys.exit(main())
