"""The engine: edits, the build model, shared plans, and the pipeline that applies transforms one proven step at a time.

It knows no transform by name, opens no file and starts no process.
"""
