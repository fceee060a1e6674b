"""Text from local models: a model server in a process of its own, started when it is first asked.

client.py   what the rest of local AWS calls (no torch)
server.py   the process: takes requests, batches them, exits when idle
engine.py   the models: load, generate, score
"""
