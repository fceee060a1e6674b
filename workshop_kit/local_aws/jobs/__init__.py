"""Training jobs: their documents and states, the supervisor in the server, and the worker process."""
