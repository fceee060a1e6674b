"""Local AWS: a server on 127.0.0.1 that speaks the AWS wire protocols and keeps its state in the workspace."""
