"""Alembic's entry: run the migrations on the connection that store/database.py hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], target_metadata=None, transaction_per_migration=False
)
context.run_migrations()
