"""`python -m workshop_kit` is the `workshop-kit` command."""

from workshop_kit.cli import main

raise SystemExit(main())
