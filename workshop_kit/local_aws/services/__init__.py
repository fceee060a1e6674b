"""One file per service; each maps botocore's operation names to handlers in OPERATIONS."""
