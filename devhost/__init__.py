"""A local host for Azure Durable Functions apps written in Python."""
